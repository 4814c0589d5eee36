#!/usr/bin/python3
class Thing:
    def __del__(self):
        raise ValueError("while the interpreter ends")

    def __repr__(self):
        return "<thing>"


print("Content-Type: text/plain\n")
thing = Thing()
