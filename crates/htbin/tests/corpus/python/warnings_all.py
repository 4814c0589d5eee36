#!/usr/bin/python3 -Walways
import gc
import warnings

print("Content-Type: text/plain\n")


def leak():
    open("/dev/null")


leak()
gc.collect()
for _ in range(2):
    warnings.warn("every time")
file = open("/dev/null")
