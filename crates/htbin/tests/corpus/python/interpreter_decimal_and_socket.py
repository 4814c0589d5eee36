#!/usr/bin/python3
import decimal
import mimetypes
import socket
import re

print("Content-Type: text/plain\n")
print(decimal.getcontext(), socket.getdefaulttimeout(), mimetypes.inited, mimetypes.guess_type("a.html"))
print(len(re._cache) if hasattr(re, "_cache") else "", len(getattr(re, "_cache2", ())))
