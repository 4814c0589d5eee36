#!/usr/bin/python3
#: POST / data=0123456789
import os
import sys

print("Content-Type: text/plain\n")
print(os.read(0, 3), sys.stdin.buffer.tell(), sys.stdin.seekable())
sys.stdin.seek(0)
print(sys.stdin.read(4), os.lseek(0, 0, os.SEEK_CUR), os.fstat(0).st_size)
