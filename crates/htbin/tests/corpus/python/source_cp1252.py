#!/usr/bin/python3
# vim: set fileencoding=cp1252 :
print("Content-Type: text/plain\n")
print(ascii("€ “"))
