#!/usr/bin/python3
import sys

sys.setrecursionlimit(200)


def again():
    again()


again()
