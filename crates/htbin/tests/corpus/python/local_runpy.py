#!/usr/bin/python3
import runpy

print("Content-Type: text/plain\n")
print(sorted(runpy.run_module("local.sibling")))
print(runpy.run_path("hello.py", run_name="__main__")["__name__"])
print(__name__)
