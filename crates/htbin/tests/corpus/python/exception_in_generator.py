#!/usr/bin/python3
def numbers():
    yield 1
    raise StopIteration("inside")


print("Content-Type: text/plain\n")
for number in numbers():
    print(number)
