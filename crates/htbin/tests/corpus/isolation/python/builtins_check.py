#!/usr/bin/python3
import builtins

print("Content-Type: text/plain\n")
print(len([]), hasattr(builtins, "left_behind"), hasattr(builtins, "_"), open("/dev/null").read() == "")
