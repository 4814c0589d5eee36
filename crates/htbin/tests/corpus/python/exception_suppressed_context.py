#!/usr/bin/python3
try:
    int("x")
except ValueError:
    raise RuntimeError("only this\nin two lines") from None
