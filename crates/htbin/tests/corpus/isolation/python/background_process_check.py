#!/usr/bin/python3
import os

print("Content-Type: text/plain\n")
try:
    print(os.waitpid(-1, os.WNOHANG))
except ChildProcessError as error:
    print(error)
