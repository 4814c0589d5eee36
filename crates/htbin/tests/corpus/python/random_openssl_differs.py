#!/usr/bin/python3
#: GET / unlike
import ssl

print("Content-Type: text/plain\n\n%s" % ssl.RAND_bytes(8).hex())
