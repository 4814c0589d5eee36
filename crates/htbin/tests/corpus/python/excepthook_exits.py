#!/usr/bin/python3
import sys


def hook(kind, value, trace):
    print("leaving")
    sys.exit(7)


sys.excepthook = hook
print("Content-Type: text/plain\n")
raise ValueError
