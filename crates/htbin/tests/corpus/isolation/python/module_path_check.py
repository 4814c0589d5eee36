#!/usr/bin/python3
import sys

print("Content-Type: text/plain\n")
print(sys.path, len(sys.path_hooks), len(sys.meta_path))
import textwrap
print(textwrap.__file__)
