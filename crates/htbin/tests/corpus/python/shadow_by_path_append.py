#!/usr/bin/python3
import os
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "shadow_libraries"))
import string
import textwrap

print("Content-Type: text/plain\n")
print(getattr(textwrap, "SHADOW", None), getattr(string, "SHADOW", None))
