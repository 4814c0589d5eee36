#!/usr/bin/python3
import local


class Thing:
    def __del__(self):
        print("deleted from a module", __name__)


print("Content-Type: text/plain\n")
local.thing = Thing()
