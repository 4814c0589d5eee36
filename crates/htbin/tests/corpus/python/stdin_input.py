#!/usr/bin/python3
#: POST / data=Ada\nLovelace\n
#: GET /
print("Content-Type: text/plain\n")
print("hello", input("first: "), input("last: "))
