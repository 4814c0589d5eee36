#!/usr/bin/python3
import sys

sys.tracebacklimit = 1


def outer():
    inner()


def inner():
    raise ValueError("limited")


outer()
