#!/usr/bin/python3
def outer(value):
    return inner(value)


def inner(value):
    return 1 / value


print("Content-Type: text/plain\n")
print("before")
outer(0)
