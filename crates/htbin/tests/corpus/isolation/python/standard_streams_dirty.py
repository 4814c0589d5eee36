#!/usr/bin/python3
#: POST / data=a body that nobody reads
import os
import sys

print("Content-Type: text/plain\n")
sys.stdout.write("written")
sys.stdout.flush()
sys.stdin.close()
sys.stdout = sys.stderr = sys.stdin = None
