#!/usr/bin/python3
import sys
import traceback


def hook(kind, value, trace):
    print("hook:", kind.__name__, value, [frame.name for frame in traceback.extract_tb(trace)])


sys.excepthook = hook
print("Content-Type: text/plain\n")
{}["missing"]
