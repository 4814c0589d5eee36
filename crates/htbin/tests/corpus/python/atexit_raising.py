#!/usr/bin/python3
import atexit
import sys


def broken():
    raise ValueError("at exit")


atexit.register(print, "the last one")
atexit.register(broken)
atexit.register(sys.exit, 9)
print("Content-Type: text/plain\n")
