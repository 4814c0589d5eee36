#!/usr/bin/python3
import json
import string
import urllib.parse

print("Content-Type: text/plain\n")
print(hasattr(json, "left_behind"), hasattr(string, "left_behind"), hasattr(urllib.parse, "left_behind"), string.digits)
