#!/usr/bin/python3
import atexit
import sys

atexit.register(print, "exit handler")
print("Content-Type: text/plain\n")
sys.exit("message")
