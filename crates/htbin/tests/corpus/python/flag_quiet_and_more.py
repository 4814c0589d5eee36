#!/usr/bin/python3 -qbb
import sys

print("Content-Type: text/plain\n")
print(sys.flags)
str(b"octets")
