#!/usr/bin/python3
#: GET ?name=Ada
import warnings
try:
    import cgi, sys
except ImportError:
    raise SystemExit(print("skip: no cgi module"))
print("Content-Type: text/plain\n")
print(cgi.FieldStorage().getvalue("name"), len(warnings.filters))
