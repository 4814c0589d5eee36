#!/usr/bin/python3
print("Status: 302 Found\nLocation: /elsewhere\n")
