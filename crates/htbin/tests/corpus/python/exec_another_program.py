#!/usr/bin/python3
#: POST / data=standard input
import os

print("Content-Type: text/plain\n", flush=True)
os.execvp("sh", ["sh", "-c", "cat; echo; ls /proc/self/fd; trap; ulimit -n; exit 5"])
