#!/usr/bin/python3
import sys

sys.stdout.reconfigure(encoding="latin-1", errors="xmlcharrefreplace", newline="\r\n")
print("Content-Type: text/plain; charset=iso-8859-1\n")
print("é ü € 日")
