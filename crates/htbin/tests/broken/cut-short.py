#!/usr/bin/python3
print("Content-Type: text/plain")
print("Content-Length: 1000")
print()
print("hello")
