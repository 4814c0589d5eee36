#!/usr/bin/python3
import os
import time

print("Content-Type: text/plain\n", flush=True)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(0.05)
        print("the grandchild writes last", flush=True)
    os._exit(0)
os.wait()
print("the script ends")
