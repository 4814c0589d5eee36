#!/usr/bin/python3
import pickle

from local.sibling import Thing

print("Content-Type: text/plain\n")
print(pickle.dumps(Thing([1, "a"])), pickle.loads(pickle.dumps(Thing(3))).value)
