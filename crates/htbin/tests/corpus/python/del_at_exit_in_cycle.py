#!/usr/bin/python3
class Thing:
    def __del__(self):
        print("deleted from a cycle")


print("Content-Type: text/plain\n")
thing = Thing()
thing.itself = thing
