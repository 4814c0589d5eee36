#!/usr/bin/python3
import __main__

secret = "of an earlier request"
__main__.other_secret = 1
__doc__ = "changed"
print("Content-Type: text/plain\n")
