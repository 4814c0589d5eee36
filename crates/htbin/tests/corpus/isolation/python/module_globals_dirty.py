#!/usr/bin/python3
import json
import string
import urllib.parse

json.left_behind = string.left_behind = urllib.parse.left_behind = "by an earlier request"
string.digits = "none"
print("Content-Type: text/plain\n")
