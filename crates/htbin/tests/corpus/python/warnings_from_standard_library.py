#!/usr/bin/python3
import datetime
import locale
import re

print("Content-Type: text/plain\n")
print(re.split("x*", "axbc"))
print(locale.getdefaultlocale())
print(datetime.datetime.utcfromtimestamp(0))
re.compile("[[a]")
