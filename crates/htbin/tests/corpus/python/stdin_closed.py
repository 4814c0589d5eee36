#!/usr/bin/python3
#: POST / data=abc
import os
import sys

print("Content-Type: text/plain\n")
sys.stdin.close()
print(sys.stdin.closed, os.open("/dev/null", os.O_RDONLY))
print(sys.stdin.read())
