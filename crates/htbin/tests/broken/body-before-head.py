#!/usr/bin/python3
print("<h1>Hello</h1>")
