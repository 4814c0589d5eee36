#!/usr/bin/python3
class Broken(Exception):
    def __str__(self):
        raise RuntimeError("cannot be shown")


class Outer:
    class Inner(Exception):
        pass


try:
    raise Broken
except Broken:
    raise Outer.Inner("qualified")
