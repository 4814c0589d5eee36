#!/usr/bin/python3
import collections
import copy
import pickle

Pair = collections.namedtuple("Pair", "a b")


class Thing:
    def __init__(self, value):
        self.value = value


print("Content-Type: text/plain\n")
data = pickle.dumps([Thing(1), Pair(1, 2)])
print(data)
thing, pair = pickle.loads(data)
print(thing.value, pair, type(thing) is Thing, copy.deepcopy(thing).value)
