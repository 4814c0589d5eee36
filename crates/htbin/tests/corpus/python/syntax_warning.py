#!/usr/bin/python3
print("Content-Type: text/plain\n")
x = 1
print(x is 1, "\d")
assert (x, "always true")
