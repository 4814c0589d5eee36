#!/usr/bin/python3
import random

random.seed(1)
print("Content-Type: text/plain\n\n%r" % random.random())
