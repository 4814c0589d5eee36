#!/usr/bin/python3
def forever(level):
    return forever(level + 1)


print("Content-Type: text/plain\n")
forever(0)
