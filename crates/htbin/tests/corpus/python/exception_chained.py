#!/usr/bin/python3
print("Content-Type: text/plain\n")


def lookup(key):
    try:
        return {}[key]
    except KeyError as error:
        raise LookupError("no " + key) from error


try:
    lookup("ä")
except LookupError:
    [][1]
