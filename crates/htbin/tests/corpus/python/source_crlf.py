#!/usr/bin/python3
print("Content-Type: text/plain\r\n")
x = """a
b"""
print(repr(x))
1 / 0
