#!/usr/bin/python3
import subprocess

print("Content-Type: text/plain\n", flush=True)
subprocess.Popen(["sleep", "0.2"])
