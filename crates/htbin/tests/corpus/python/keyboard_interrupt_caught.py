#!/usr/bin/python3
import os
import signal

print("Content-Type: text/plain\n")
try:
    os.kill(os.getpid(), signal.SIGINT)
    for _ in range(1000):
        pass
except KeyboardInterrupt:
    print("caught")
