#!/usr/bin/python3
import atexit
import os

owner = os.getpid()
atexit.register(lambda: print("handler in", "parent" if os.getpid() == owner else "child"))
print("Content-Type: text/plain\n", flush=True)
child = os.fork()
if child:
    os.waitpid(child, 0)
else:
    raise ValueError("in the child")
