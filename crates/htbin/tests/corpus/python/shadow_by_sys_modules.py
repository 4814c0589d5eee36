#!/usr/bin/python3
import sys
import types

sys.modules["json"] = types.ModuleType("json")
sys.modules["html"] = None
import json

print("Content-Type: text/plain\n")
print(hasattr(json, "dumps"))
import html
