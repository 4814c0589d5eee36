#!/usr/bin/python3
#: GET /
#: POST / data=a body of its own
import sys

print("Content-Type: text/plain\n")
print(repr(sys.stdin.read()), sys.stdout.name, sys.stderr.name, sys.__stdin__ is sys.stdin)
