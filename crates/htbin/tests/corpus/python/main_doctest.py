#!/usr/bin/python3
"""A module with an example.

>>> double(2)
4
>>> double(3)
7
"""
import doctest


def double(number):
    return number * 2


print("Content-Type: text/plain\n")
print(doctest.testmod())
