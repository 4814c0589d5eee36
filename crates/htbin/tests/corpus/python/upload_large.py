#!/usr/bin/python3
#: POST / times=200000 data=0123456789\x00\xff\r\n
import hashlib
import os
import sys

data = sys.stdin.buffer.read(int(os.environ["CONTENT_LENGTH"]))
print("Content-Type: text/plain\n")
print(len(data), hashlib.sha256(data).hexdigest(), sys.stdin.buffer.read())
