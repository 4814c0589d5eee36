#!/usr/bin/python3 -S
import sys

print("Content-Type: text/plain\n")
print("\n".join(sys.path), sys.flags)
print("site" in sys.modules, hasattr(__builtins__, "quit"))
