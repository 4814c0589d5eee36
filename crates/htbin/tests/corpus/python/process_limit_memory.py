#!/usr/bin/python3
#: GET / as=400000000
print("Content-Type: text/plain\n")
try:
    bytearray(500000000)
except MemoryError:
    print("caught")
bytearray(500000000)
