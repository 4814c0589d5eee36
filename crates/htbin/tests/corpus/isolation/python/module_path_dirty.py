#!/usr/bin/python3
import sys
import tempfile

sys.path[:] = ["/nowhere", "."]
sys.path_hooks.clear()
sys.path_importer_cache.clear()
sys.meta_path.clear()
print("Content-Type: text/plain\n")
