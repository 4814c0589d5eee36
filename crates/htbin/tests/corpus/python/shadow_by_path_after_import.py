#!/usr/bin/python3
import sys

import textwrap

sys.path.insert(0, "shadow_libraries")
import string
import textwrap as again

print("Content-Type: text/plain\n")
print(getattr(again, "SHADOW", None), getattr(string, "SHADOW", None), again is textwrap)
