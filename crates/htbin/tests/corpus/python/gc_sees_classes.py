#!/usr/bin/python3
print("Content-Type: text/plain\n")
print(sorted({cls.__module__ for cls in object.__subclasses__()}))
print(sorted(cls.__name__ for cls in Exception.__subclasses__()))
