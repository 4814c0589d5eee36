#!/usr/bin/python3 -B
import sys

print("Content-Type: text/plain\n")
print(sys.flags, sys.dont_write_bytecode)
