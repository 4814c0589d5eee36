#!/usr/bin/python3
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "shadow_libraries"))
import textwrap
import urllib.parse

print("Content-Type: text/plain\n")
print(getattr(textwrap, "SHADOW", None), getattr(urllib, "SHADOW", None), hasattr(urllib.parse, "quote"))
