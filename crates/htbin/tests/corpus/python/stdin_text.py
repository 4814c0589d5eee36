#!/usr/bin/python3
#: GET /
#: POST / data=one\r\ntwo\nthree \xc3\xa9 \xff\x00 end
import sys

print("Content-Type: text/plain\n")
print(ascii(sys.stdin.read()), ascii(sys.stdin.read()))
