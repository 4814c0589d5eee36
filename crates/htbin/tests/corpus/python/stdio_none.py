#!/usr/bin/python3
import sys

print("Content-Type: text/plain\n")
sys.stdout.flush()
sys.stdout = None
print("into nothing")
