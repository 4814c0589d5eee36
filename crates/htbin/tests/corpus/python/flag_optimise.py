#!/usr/bin/python3 -OO
"""Not kept."""
import json

print("Content-Type: text/plain\n")
assert False
print(__doc__, __debug__, json.dumps.__doc__, json.__cached__)
