#!/usr/bin/python3
#: GET ?a=1&a=2&b=%C3%A9&empty=
#: POST /x?a=q type=application/x-www-form-urlencoded data=a=1&b=two+words&c=%E2%82%AC%ff
import html
import os
import sys
import urllib.parse

print("Content-Type: text/html\n")
text = os.environ["QUERY_STRING"] + "&" + sys.stdin.read()
for name, values in urllib.parse.parse_qs(text, keep_blank_values=True).items():
    print("<p>" + html.escape(name), html.escape(repr(values)))
