#!/usr/bin/python3
print()
print("Content-Type: text/plain")
print()
print("hello")
