#!/usr/bin/python3
import builtins

builtins.left_behind = 1
builtins.len = lambda thing: 42
builtins._ = str
real, builtins.open = open, None
print("Content-Type: text/plain\n")
