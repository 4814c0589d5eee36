#!/usr/bin/python3
import atexit

print("Content-Type: text/plain\n")
atexit.register(lambda: atexit.register(print, "registered while leaving"))
atexit.register(print, "first")
