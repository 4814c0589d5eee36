#!/usr/bin/python3 -Wignore
import time

try:
    import cgitb
except ImportError:
    raise SystemExit(print("skip: no cgitb module"))
cgitb.enable(display=1)
time.ctime = lambda seconds: "now"
print("Content-Type: text/html\n")
unknown_name
