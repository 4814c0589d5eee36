#!/usr/bin/python3
import os
import sys

print("Content-Type: text/plain\n")
print(__file__, sys.argv, sys.path[0], os.getcwd(), os.path.realpath(__file__))
try:
    import beside_target
    print(beside_target.NAME)
except ImportError as error:
    print(error)
raise ValueError("by a link")
