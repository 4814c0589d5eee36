#!/usr/bin/python3
import codecs
import copyreg
import functools
import http.client
import linecache
import urllib.parse
import urllib.request

print("Content-Type: text/plain\n")
print(len(copyreg.dispatch_table), linecache.cache, urllib.parse.urlsplit.cache_info() if hasattr(urllib.parse.urlsplit, "cache_info") else "")
print(urllib.request._opener, http.client.HTTPConnection.debuglevel, codecs.lookup("utf-8").name)
