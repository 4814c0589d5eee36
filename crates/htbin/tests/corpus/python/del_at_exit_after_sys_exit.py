#!/usr/bin/python3
import sys


class Thing:
    def __del__(self):
        print("deleted")


def work():
    thing = Thing()
    sys.exit(3)


print("Content-Type: text/plain\n")
work()
