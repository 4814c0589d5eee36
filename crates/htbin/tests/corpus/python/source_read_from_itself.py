#!/usr/bin/python3
print("Content-Type: text/plain\n")
print(open(__file__).readlines()[0], __loader__.path == __file__)
