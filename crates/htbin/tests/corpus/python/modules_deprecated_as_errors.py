#!/usr/bin/python3 -Werror
print("Content-Type: text/plain\n")
try:
    import cgi
except (DeprecationWarning, ImportError) as error:
    print(type(error).__name__, "cgi" in __import__("sys").modules)
import json
