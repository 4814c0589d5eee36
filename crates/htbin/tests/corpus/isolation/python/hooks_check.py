#!/usr/bin/python3
import sys

print("Content-Type: text/plain\n")
print(sys.excepthook is sys.__excepthook__, sys.gettrace(), sys.getprofile(), hasattr(sys, "tracebacklimit"))
raise ValueError("shown ordinarily")
