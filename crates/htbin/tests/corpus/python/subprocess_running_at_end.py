#!/usr/bin/python3
import subprocess

print("Content-Type: text/plain\n", flush=True)
child = subprocess.Popen("sleep 0.1; echo late", shell=True)
