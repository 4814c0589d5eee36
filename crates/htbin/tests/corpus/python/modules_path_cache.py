#!/usr/bin/python3
import sys

print("Content-Type: text/plain\n")
print(sorted(sys.path_importer_cache))
import json

print(sorted(sys.path_importer_cache))
print(sys.meta_path, sys.path_hooks)
