#!/usr/bin/python3
import subprocess

print("Content-Type: text/plain\n", flush=True)
child = subprocess.Popen("sleep 0.01; echo late", shell=True)
