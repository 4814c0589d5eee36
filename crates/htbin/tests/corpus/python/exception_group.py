#!/usr/bin/python3
import sys

if sys.version_info < (3, 11):
    raise SystemExit(print("skip: no exception groups"))
print("Content-Type: text/plain\n")
try:
    raise KeyError("inner")
except KeyError as error:
    raise ExceptionGroup("several", [error, ExceptionGroup("nested", [ValueError(1), TypeError("two")])])
