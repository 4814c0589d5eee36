#!/usr/bin/python3
import sys

print("Content-Type: text/plain\n")
try:
    1 / 0
except ZeroDivisionError:
    sys.exit("leaving")
