#!/usr/bin/python3
import datetime
import re
import urllib.parse

print("Content-Type: text/plain\n")
print(urllib.parse.quote("ä b"), re.sub("a", "b", "aaa"), datetime.date(2020, 1, 2))
