#!/usr/bin/python3
import importlib
import json
import sys
import textwrap

print("Content-Type: text/plain\n")
textwrap.EXTRA = 1
print(importlib.reload(textwrap) is textwrap, textwrap.EXTRA)
first = sys.modules.pop("json")
import json

print(json is first, json.decoder is first.decoder)
first.dumps = None
del sys.modules["json"], sys.modules["json.decoder"]
import json

print(json.dumps({"a": 1}), json.decoder is first.decoder)
print(importlib.import_module("json") is json, __import__("os.path").__name__)
