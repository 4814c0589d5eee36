#!/usr/bin/python3
import sys


def depth(level):
    try:
        return depth(level + 1)
    except RecursionError:
        return level


print("Content-Type: text/plain\n")
print(sys.getrecursionlimit(), depth(0))
