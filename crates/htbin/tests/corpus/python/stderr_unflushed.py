#!/usr/bin/python3
import sys

print("Content-Type: text/plain\n")
sys.stderr.write("half a line")
sys.stdout.write("half a line")
