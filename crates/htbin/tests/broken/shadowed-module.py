#!/usr/bin/python3
import random

name = random.choice(["Ada", "Grace"])
print("Content-Type: text/plain\n")
print("hello", name)
