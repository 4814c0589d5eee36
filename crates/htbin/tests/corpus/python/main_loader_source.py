#!/usr/bin/python3
import importlib.util
import pkgutil

print("Content-Type: text/plain\n")
print(len(__loader__.get_source("__main__")), len(__loader__.get_data(__file__)), __loader__.get_filename("__main__"))
print(type(__loader__).__name__, type(__loader__).__module__)
try:
    print(importlib.util.find_spec("__main__"))
except ValueError as error:
    print(error)
print(__loader__.get_code("__main__").co_filename)
