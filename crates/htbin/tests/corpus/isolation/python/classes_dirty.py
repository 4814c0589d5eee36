#!/usr/bin/python3
import abc
import collections.abc
import json


class Left(json.JSONEncoder):
    pass


collections.abc.Sequence.register(Left)
collections.abc.Sequence.extra = 1
print("Content-Type: text/plain\n")
kept = Left.__mro__
