#!/usr/bin/python3 -Z
print("never")
