#!/usr/bin/python3
import os
import sys

print("Content-Type: text/plain\n")
sys.stdout.buffer.write(b"binary passes the text that is not flushed\n")
print("text", end="")
sys.stdout.flush()
os.write(1, b"|raw|")
sys.stdout.buffer.write(b"\0\xff\n")
print("last")
