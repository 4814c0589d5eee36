#!/usr/bin/python3
print("Content-Type: text/plain\n")
print("before")
print("a lone surrogate: \udc80")
