#!/usr/bin/python3
import sys

print("Content-Type: text/plain\n")
sys.stderr = sys.stdout
raise ValueError("for the page")
