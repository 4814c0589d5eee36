#!/usr/bin/python3
import atexit

atexit.register(print, "at exit")
print("Content-Type: text/plain\n")
raise KeyboardInterrupt("by hand")
