#!/usr/bin/python3
import sys

before = list(sys.modules)
import json
import urllib.request
import email.message
import datetime

print("Content-Type: text/plain\n")
print("\n".join(name for name in sys.modules if name not in before))
