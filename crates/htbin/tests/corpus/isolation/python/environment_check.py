#!/usr/bin/python3
import os
import subprocess

print("Content-Type: text/plain\n", flush=True)
for name, value in os.environ.items():
    print(name, value, flush=True)
subprocess.run(["env"])
