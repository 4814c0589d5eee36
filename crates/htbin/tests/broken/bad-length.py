#!/usr/bin/python3
print("Content-Type: text/plain")
print("Content-Length: unknown")
print()
print("hello")
