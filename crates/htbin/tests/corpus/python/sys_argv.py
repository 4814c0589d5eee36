#!/usr/bin/python3
#: GET ?one+two%20words+%C3%A9
#: GET ?-c+-m+--help
#: GET ?caf%E9+%FF
#: GET ?
#: GET ?a=1
import sys

print("Content-Type: text/plain\n")
print([ascii(word) for word in sys.argv])
