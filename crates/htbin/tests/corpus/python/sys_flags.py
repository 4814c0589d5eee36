#!/usr/bin/python3
import sys

print("Content-Type: text/plain\n")
print(sys.flags, sys.warnoptions, sys._xoptions, sys.dont_write_bytecode, sys.pycache_prefix)
print(getattr(sys, "orig_argv", None))
