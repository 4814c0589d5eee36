#!/usr/bin/python3
import tempfile

print("Content-Type: text/plain\n")
print(tempfile._Random)
