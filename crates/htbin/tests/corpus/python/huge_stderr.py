#!/usr/bin/python3
import sys

print("Content-Type: text/plain\n")
for number in range(4000):
    print(number, "a long message for the log", file=sys.stderr)
print("done")
