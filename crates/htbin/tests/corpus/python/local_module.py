#!/usr/bin/python3
import local
import local.sibling as sibling
from local.deeper.module import where

print("Content-Type: text/plain\n")
print(local.VERSION, sibling.NAME, where(), local.__path__._path if hasattr(local.__path__, "_path") else local.__path__)
print(local.__file__, local.__spec__.origin, type(local.__loader__).__name__, local.__cached__)
print([name for name in sorted(__import__("sys").modules) if "local" in name])
