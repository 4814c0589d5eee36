#!/usr/bin/python3
import random

random.seed(42)
print("Content-Type: text/plain\n")
print(random.random(), random.sample(range(100), 5), random.choice("abc"), random.gauss(0, 1))
