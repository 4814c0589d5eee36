#!/usr/bin/python3
import os
import tempfile

print("Content-Type: text/plain\n")
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "x")
    open(path, "w").close()
    print(oct(os.stat(path).st_mode), oct(os.stat(folder).st_mode), os.getcwd() == os.path.dirname(os.path.abspath(__file__)))
