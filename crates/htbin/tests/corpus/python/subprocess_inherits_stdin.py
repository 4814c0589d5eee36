#!/usr/bin/python3
#: POST / data=line one\nline two\n
import subprocess

print("Content-Type: text/plain\n", flush=True)
subprocess.run(["cat"], check=True)
subprocess.run("echo to stderr >&2; exit 3", shell=True)
