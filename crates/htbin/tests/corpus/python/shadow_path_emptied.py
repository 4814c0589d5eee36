#!/usr/bin/python3
import sys

sys.path.clear()
print("Content-Type: text/plain\n")
import json
