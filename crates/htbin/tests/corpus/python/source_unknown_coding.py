#!/usr/bin/python3
# coding: no-such-coding
print("never")
