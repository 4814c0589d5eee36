#!/usr/bin/python3
class Thing:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("deleted", self.name)


print("Content-Type: text/plain\n")
first = Thing("first")
second = Thing("second")
_private = Thing("private")
in_list = [Thing("in a list")]
Thing("at once")
