#!/usr/bin/python3
import sys

before = list(sys.modules)
import html

print("Content-Type: text/plain\n")
print([name for name in sys.modules if name not in before])
print("html.parser" in sys.modules, hasattr(html, "parser"), sorted(name for name in vars(html) if not name.startswith("_")))
