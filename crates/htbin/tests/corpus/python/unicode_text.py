#!/usr/bin/python3
#: GET /stra%C3%9Fe?name=%C3%85sa+%E2%82%AC
import os
import unicodedata
import urllib.parse

print("Content-Type: text/plain; charset=utf-8\n")
name = urllib.parse.parse_qs(os.environ["QUERY_STRING"])["name"][0]
print("Grüße, %s: Ελληνικά, 日本語, 🦀, e\u0301" % name)
print(os.environ["PATH_INFO"], [unicodedata.name(c) for c in name])
