#!/usr/bin/python3
import linecache
import mimetypes
import urllib.request

print("Content-Type: text/plain\n")
print(sorted(linecache.cache), mimetypes.guess_type("a.dirty"), urllib.request._opener)
