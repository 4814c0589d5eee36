#!/usr/bin/python3
import os

name = os.environ["HTTP_X_NAME"]
print("Content-Type: text/plain\n")
print("hello", name)
