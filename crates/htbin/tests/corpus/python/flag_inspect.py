#!/usr/bin/python3 -i
#: POST / data=print("from stdin", x)\n
print("Content-Type: text/plain\n")
x = 3
