#!/usr/bin/python3
from __future__ import annotations

print("Content-Type: text/plain\n")


def function(value: Unknown) -> Unknown:
    pass


print(function.__annotations__, annotations)
print(eval("1 / 2"), compile("x: y = 1", "", "exec").co_flags & 0x1000000)
