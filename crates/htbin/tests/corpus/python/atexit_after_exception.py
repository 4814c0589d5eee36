#!/usr/bin/python3
import atexit
import sys

atexit.register(lambda: print("exit handler", sys.exc_info()))
print("Content-Type: text/plain\n")
raise ValueError
