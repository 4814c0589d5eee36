#!/usr/bin/python3
import subprocess

print("Content-Type: text/plain\n", flush=True)
for inherits in True, False:
    subprocess.run(["grep", "-E", "^(Sig|Shd)[^Q]", "/proc/self/status"], restore_signals=inherits)
