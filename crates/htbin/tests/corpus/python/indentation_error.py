#!/usr/bin/python3
def f():
print("never")
