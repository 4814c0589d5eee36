#!/usr/bin/python3
import sys

names = []
sys.addaudithook(lambda event, args: names.append(args[0]) if event == "import" else None)
import html
import json
import textwrap

print("Content-Type: text/plain\n")
print(names)
