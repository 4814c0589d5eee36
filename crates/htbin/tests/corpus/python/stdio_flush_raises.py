#!/usr/bin/python3
import sys


class Out:
    def __init__(self, file):
        self.file = file

    def write(self, text):
        self.file.write(text)

    def flush(self):
        self.file.flush()
        raise ValueError("cannot flush")


sys.stdout = Out(sys.stdout)
print("Content-Type: text/plain\n")
