#!/usr/bin/python3
import os

print("Content-Type: text/plain\n")
os.execv("/no/such/program", ["x"])
