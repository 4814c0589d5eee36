#!/usr/bin/python3 -Es
import sys

print("Content-Type: text/plain\n")
print("\n".join(sys.path), sys.flags)
