#!/usr/bin/python3
import sys

print("Content-Type: text/plain\n")
for finder in sys.meta_path:
    print(finder, getattr(finder, "__module__", None), type(finder))
print(len(sys.path_hooks))
