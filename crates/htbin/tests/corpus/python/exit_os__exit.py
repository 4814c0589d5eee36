#!/usr/bin/python3
import atexit
import os

atexit.register(print, "never")
print("Content-Type: text/plain\n", flush=True)
print("lost in the buffer")
os._exit(300)
