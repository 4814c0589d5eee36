#!/usr/bin/python3
import gc
import sys

print("Content-Type: text/plain\n")
print(sorted({name for name in (o.__name__ for o in gc.get_objects() if type(o) is type(sys)) if not name.startswith("_")}))
