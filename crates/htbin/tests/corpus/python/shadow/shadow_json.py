#!/usr/bin/python3
import json

print("Content-Type: text/plain\n")
print(getattr(json, "SHADOW", None), sorted(name for name in vars(json) if not name.startswith("__")))
