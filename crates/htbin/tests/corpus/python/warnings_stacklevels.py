#!/usr/bin/python3
import warnings


def inner(level):
    warnings.warn("level %d" % level, stacklevel=level)


def outer(level):
    inner(level)


print("Content-Type: text/plain\n")
for level in range(6):
    outer(level)
    warnings.warn("deprecated %d" % level, DeprecationWarning, level)
