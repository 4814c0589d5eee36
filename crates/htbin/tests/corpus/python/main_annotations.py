#!/usr/bin/python3
import typing

x: int = 3
y: "str"
print("Content-Type: text/plain\n")
print(typing.get_type_hints(__import__("__main__")))
print(globals().get("__annotations__"))
