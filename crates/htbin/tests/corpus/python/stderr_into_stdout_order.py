#!/usr/bin/python3
import os
import sys

os.dup2(1, 2)
print("Content-Type: text/plain\n", flush=True)
for number in range(3):
    print("out", number)
    print("err", number, file=sys.stderr)
raise ValueError("the end")
