#!/usr/bin/python3
import sys

sys.setrecursionlimit(5000)
sys.setswitchinterval(1)
print("Content-Type: text/plain\n")
