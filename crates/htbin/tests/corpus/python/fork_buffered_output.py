#!/usr/bin/python3
import os

print("Content-Type: text/plain\n")
child = os.fork()
if child:
    os.waitpid(child, 0)
print("twice what was buffered", bool(child))
