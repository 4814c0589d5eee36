#!/usr/bin/python3
import io
import sys

sys.stdout = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-16-le", newline="\r\n")
print("Content-Type: text/plain\n")
print("é")
