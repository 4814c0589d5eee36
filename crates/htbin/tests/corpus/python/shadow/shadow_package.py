#!/usr/bin/python3
import html.parser

print("Content-Type: text/plain\n")
print(html.parser.SHADOW)
