#!/usr/bin/python3
#: GET / fsize=1000
import tempfile

print("Content-Type: text/plain\n")
with tempfile.TemporaryFile() as file:
    file.write(b"x" * 2000)
