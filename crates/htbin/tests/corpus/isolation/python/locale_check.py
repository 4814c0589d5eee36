#!/usr/bin/python3
import locale
import time

print("Content-Type: text/plain\n")
print(locale.setlocale(locale.LC_ALL), time.tzname, time.timezone)
