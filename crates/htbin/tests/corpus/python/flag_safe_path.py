#!/usr/bin/python3 -P
import sys

print("Content-Type: text/plain\n")
print(sys.flags, sys.path[0])
import local
