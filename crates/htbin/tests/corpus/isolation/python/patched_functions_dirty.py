#!/usr/bin/python3
import datetime
import html
import json
import os.path
import re

html.escape = lambda text: "patched"
json.dumps = json.JSONEncoder.encode = lambda *args: "patched"
os.path.join = lambda *args: "patched"
re.compile("x", re.VERBOSE)
datetime.datetime = None
print("Content-Type: text/plain\n")
