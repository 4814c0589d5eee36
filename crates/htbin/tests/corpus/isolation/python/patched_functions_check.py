#!/usr/bin/python3
import datetime
import html
import json
import os.path

print("Content-Type: text/plain\n")
print(html.escape("<"), json.dumps([1]), json.JSONEncoder().encode({}), os.path.join("a", "b"), datetime.datetime)
