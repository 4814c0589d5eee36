#!/usr/bin/python3
class Thing:
    def __del__(self):
        raise ValueError("in __del__")

    def __repr__(self):
        return "<thing>"


print("Content-Type: text/plain\n")
thing = Thing()
del thing
print("after")
