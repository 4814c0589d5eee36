#!/usr/bin/python3
"""The docstring."""
import builtins
import sys

print("Content-Type: text/plain\n")
for name in sorted(set(globals()) - {"name"}):
    if name.startswith("__"):
        value = globals()[name]
        print(name, type(value).__name__, value if isinstance(value, (str, type(None), dict)) else "")
print(list(globals()))
print(__builtins__ is builtins, __loader__.name, __loader__.path, __loader__.is_package("__main__"))
print(sys.modules["__main__"].__dict__ is globals(), repr(sys.modules["__main__"]))
