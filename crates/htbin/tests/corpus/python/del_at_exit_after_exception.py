#!/usr/bin/python3
class Thing:
    def __del__(self):
        print("deleted")


def work():
    thing = Thing()
    raise ValueError("with a local thing")


print("Content-Type: text/plain\n")
work()
