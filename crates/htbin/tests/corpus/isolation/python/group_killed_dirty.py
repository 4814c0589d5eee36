#!/usr/bin/python3
import os
import signal

print("Content-Type: text/plain\n", flush=True)
os.killpg(0, signal.SIGTERM)
