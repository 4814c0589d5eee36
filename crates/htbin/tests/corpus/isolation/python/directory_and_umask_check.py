#!/usr/bin/python3
import os

print("Content-Type: text/plain\n")
print(os.getcwd(), oct(os.umask(0o77)))
