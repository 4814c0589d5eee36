#!/usr/bin/python3
import sys


class Thing:
    def __str__(self):
        raise ValueError("no text")


sys.exit(Thing())
