#!/usr/bin/python3
import os
import sys

if "AGAIN" not in os.environ:
    os.environ["AGAIN"] = "1"
    os.execv(sys.executable, [sys.executable, __file__, "word"])
print("Content-Type: text/plain\n")
print(sys.argv[1:], __name__)
