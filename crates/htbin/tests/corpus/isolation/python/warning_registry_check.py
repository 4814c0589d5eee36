#!/usr/bin/python3
import warnings

print("Content-Type: text/plain\n")
print(vars(warnings).get("__warningregistry__"), warnings.onceregistry)
