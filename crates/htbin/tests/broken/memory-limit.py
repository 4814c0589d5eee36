#!/usr/bin/python3
picture = bytes(500_000_000)
print("Content-Type: text/plain\n")
print("hello")
