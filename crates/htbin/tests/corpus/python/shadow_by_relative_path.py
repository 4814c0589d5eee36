#!/usr/bin/python3
import os
import sys

sys.path[0] = ""
os.chdir("shadow_libraries")
import textwrap

print("Content-Type: text/plain\n")
print(getattr(textwrap, "SHADOW", None))
