#!/usr/bin/python3
print("Content-Type: text/plain\n")
for number in range(50000):
    print(number, "the quick brown fox jumps over the lazy dog")
