#!/usr/bin/python3
import os
import subprocess

print("Content-Type: text/plain\n", flush=True)
subprocess.run(["ls", "/proc/self/fd"])
subprocess.run(["ls", "/proc/self/fd"], close_fds=False)
os.system("ls /proc/self/fd")
