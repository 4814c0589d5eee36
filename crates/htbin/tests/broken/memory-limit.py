#!/usr/bin/python3
picture = bytearray(500_000_000)
print("Content-Type: text/plain\n")
print("hello")
