#!/usr/bin/python3
#: GET / unlike
import random

print("Content-Type: text/plain\n\n%r" % random.random())
