#!/usr/bin/
print("Content-Type: text/plain\n")
print("hello")
