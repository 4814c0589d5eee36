#!/usr/bin/python3
import builtins

print("Content-Type: text/plain\n")
print(dir(builtins))
print(copyright.__class__, quit, exit, hasattr(builtins, "_"), open, print)
