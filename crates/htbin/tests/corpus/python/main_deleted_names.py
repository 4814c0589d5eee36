#!/usr/bin/python3
import sys

print("Content-Type: text/plain\n")
del __name__, __file__
print(sorted(globals()))
raise ValueError("without a name")
