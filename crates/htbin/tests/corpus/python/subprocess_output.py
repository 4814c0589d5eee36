#!/usr/bin/python3
import subprocess
import sys

print("Content-Type: text/plain\n")
print(subprocess.check_output(["printf", "a\\0b"]))
print(subprocess.run([sys.executable, "-c", "import sys; print(sys.stdin.read().upper()); sys.exit(4)"], input="text",
                     capture_output=True, text=True).stdout)
try:
    subprocess.run(["false"], check=True)
except subprocess.CalledProcessError as error:
    print(error)
print(subprocess.run(["/no/such/program"]))
