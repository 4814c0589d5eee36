#!/usr/bin/python3
import os

os.register_at_fork(before=lambda: print("before", flush=True), after_in_child=lambda: print("child", flush=True))
print("Content-Type: text/plain\n", flush=True)
if os.fork() == 0:
    os._exit(0)
os.wait()
