#!/usr/bin/python3
import collections.abc
import json

print("Content-Type: text/plain\n")
print(json.JSONEncoder.__subclasses__(), hasattr(collections.abc.Sequence, "extra"))
