#!/usr/bin/python3
import os

print("Content-Type: text/plain\n")
print(sorted(name for name in os.environ if name.startswith("PYTHON")))
