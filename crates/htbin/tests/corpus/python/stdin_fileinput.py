#!/usr/bin/python3
#: POST / data=a\nb\n
import fileinput

print("Content-Type: text/plain\n")
for line in fileinput.input():
    print(fileinput.filename(), fileinput.lineno(), line, end="")
