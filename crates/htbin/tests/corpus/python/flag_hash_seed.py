#!/usr/bin/python3
import os

print("Content-Type: text/plain\n")
if "PYTHONHASHSEED" in os.environ:
    print(hash("text"), hash(b"octets"), set("some letters"))
