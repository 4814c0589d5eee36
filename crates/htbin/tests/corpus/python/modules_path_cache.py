#!/usr/bin/python3
#: differs sys.path_importer_cache has fewer directories
import sys

print("Content-Type: text/plain\n")
print(sorted(sys.path_importer_cache))
import json

print(sorted(sys.path_importer_cache))
print(sys.meta_path, sys.path_hooks)
