#!/usr/bin/python3
import sys


def hook(entry):
    if entry == "made-up":
        return Finder()
    raise ImportError


class Finder:
    def find_spec(self, name, target=None):
        print("asked for", name)


print("Content-Type: text/plain\n")
sys.path_hooks.insert(0, hook)
sys.path.insert(0, "made-up")
import json
import textwrap

print(json.dumps([1]), textwrap.fill("a"))
