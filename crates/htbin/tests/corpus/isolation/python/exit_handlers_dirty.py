#!/usr/bin/python3
import atexit
import weakref


class Thing:
    pass


thing = Thing()
weakref.finalize(thing, print, "finalized")
atexit.register(print, "exit handler of the dirty script")
print("Content-Type: text/plain\n")
