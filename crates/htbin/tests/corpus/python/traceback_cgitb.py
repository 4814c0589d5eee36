#!/usr/bin/python3 -Wignore
#: GET ?x=1
import time

try:
    import cgitb
except ImportError:
    raise SystemExit(print("skip: no cgitb module"))
cgitb.enable(format="text", context=2)
time.ctime = lambda seconds: "now"


def divide(number):
    return number / 0


print("Content-Type: text/plain\n")
divide(3)
