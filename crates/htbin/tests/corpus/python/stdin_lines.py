#!/usr/bin/python3
#: GET /
#: POST / data=one\r\ntwo\n\nfour
import sys

print("Content-Type: text/plain\n")
for number, line in enumerate(sys.stdin):
    print(number, repr(line))
