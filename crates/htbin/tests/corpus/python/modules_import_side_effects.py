#!/usr/bin/python3
import warnings

print("Content-Type: text/plain\n")
import this
import __hello__

print(hasattr(__hello__, "main"), len(warnings.filters))
