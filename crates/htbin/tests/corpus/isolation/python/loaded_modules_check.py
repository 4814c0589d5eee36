#!/usr/bin/python3
import sys

print("Content-Type: text/plain\n")
print(list(sys.modules))
import json
import textwrap

print(json.__file__, textwrap.__file__)
