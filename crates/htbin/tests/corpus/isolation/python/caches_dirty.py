#!/usr/bin/python3
import linecache
import mimetypes
import urllib.request

linecache.cache["<made>"] = (1, None, ["line"], "<made>")
mimetypes.add_type("x/dirty", ".dirty")
urllib.request.install_opener(urllib.request.build_opener())
print("Content-Type: text/plain\n")
