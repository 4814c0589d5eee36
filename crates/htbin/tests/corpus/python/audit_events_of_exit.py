#!/usr/bin/python3
import sys


def hook(event, args):
    if event in ("cpython._PySys_ClearAuditHooks", "sys.excepthook", "os._exit"):
        sys.stderr.write("event %s\n" % event)


sys.addaudithook(hook)
print("Content-Type: text/plain\n")
raise ValueError
