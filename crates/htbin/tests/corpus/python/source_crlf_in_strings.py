#!/usr/bin/python3
print("Content-Type: text/plain\n")
print(repr("""one
two"""), repr("a\
b"))
