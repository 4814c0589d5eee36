#!/usr/bin/python3
import os

print("Content-Type: text/plain\n", flush=True)
os.dup2(os.open("/dev/full", os.O_WRONLY), 1)
print("does not fit")
