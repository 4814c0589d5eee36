#!/usr/bin/python3
import sys
import threading

sys.excepthook = lambda *args: print("dirty hook")
sys.unraisablehook = sys.displayhook = threading.excepthook = sys.excepthook
sys.addaudithook(lambda *args: None)
sys.settrace(lambda *args: None)
sys.setprofile(lambda *args: None)
sys.tracebacklimit = 0
print("Content-Type: text/plain\n")
