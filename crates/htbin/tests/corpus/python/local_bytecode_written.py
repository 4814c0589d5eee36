#!/usr/bin/python3
import os
import sys
import tempfile

with tempfile.TemporaryDirectory() as folder:
    with open(os.path.join(folder, "fresh.py"), "w") as file:
        file.write("VALUE = 3\n")
    sys.path.append(folder)
    import fresh
    print("Content-Type: text/plain\n")
    print(fresh.VALUE, sorted(os.listdir(folder)), sys.dont_write_bytecode, os.listdir(os.path.join(folder, "__pycache__")))
