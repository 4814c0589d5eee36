#!/usr/bin/python3 -I
import sys

print("Content-Type: text/plain\n")
print("\n".join(sys.path), sys.flags)
try:
    import local
except ImportError as error:
    print(error)
