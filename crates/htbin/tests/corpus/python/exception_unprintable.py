#!/usr/bin/python3
class Broken(Exception):
    def __str__(self):
        raise RuntimeError("cannot be shown")


raise Broken("x", 1)
