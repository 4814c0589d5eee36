#!/usr/bin/python3
import sys

print("Content-Type: text/plain\n")
print("\n".join(sys.modules))
