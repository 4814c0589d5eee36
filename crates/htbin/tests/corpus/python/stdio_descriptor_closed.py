#!/usr/bin/python3
import os

print("Content-Type: text/plain\n", flush=True)
os.close(1)
print("fails at exit")
