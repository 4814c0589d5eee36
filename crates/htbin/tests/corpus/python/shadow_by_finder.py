#!/usr/bin/python3
import importlib.abc
import importlib.machinery
import sys


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path, target=None):
        print("asked for", name, path)
        if name == "json":
            return importlib.machinery.ModuleSpec(name, self)

    def exec_module(self, module):
        module.SHADOW = True


print("Content-Type: text/plain\n")
sys.meta_path.insert(0, Finder())
import json
import html
import urllib.parse

print(json.SHADOW)
