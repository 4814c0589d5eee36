#!/usr/bin/python3
import atexit

for number in range(3):
    atexit.register(print, "handler", number)
removed = atexit.register(lambda: print("removed"))
atexit.unregister(removed)
print("Content-Type: text/plain\n")
print(atexit._ncallbacks())
