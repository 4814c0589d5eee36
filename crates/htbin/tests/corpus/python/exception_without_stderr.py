#!/usr/bin/python3
import sys

print("Content-Type: text/plain\n")
sys.stderr = None
raise ValueError("nobody reads this")
