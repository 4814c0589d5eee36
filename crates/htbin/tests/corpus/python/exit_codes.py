#!/usr/bin/python3
#: GET ?none
#: GET ?zero
#: GET ?seven
#: GET ?256
#: GET ?-1
#: GET ?true
#: GET ?false
#: GET ?text
#: GET ?bytes
#: GET ?tuple
#: GET ?float
#: GET ?huge
#: GET ?object
#: GET ?noargs
#: GET ?several
#: GET ?builtin
#: GET ?surrogate
#: GET ?enum
import enum
import sys


class Thing:
    def __str__(self):
        return "a thing"


class Code(enum.IntEnum):
    NINE = 9


print("Content-Type: text/plain\n")
case = sys.argv[1]
if case == "noargs":
    raise SystemExit
if case == "several":
    raise SystemExit(1, 2)
if case == "builtin":
    quit(4)
sys.exit({
    "none": None, "zero": 0, "seven": 7, "256": 256, "-1": -1, "true": True, "false": False, "text": "a message é",
    "bytes": b"octets", "tuple": (1, 2), "float": 1.5, "huge": 1 << 70, "object": Thing(), "surrogate": "\udc80", "enum": Code.NINE,
}[case])
