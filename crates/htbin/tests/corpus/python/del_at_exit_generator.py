#!/usr/bin/python3
def numbers():
    try:
        yield 1
    finally:
        print("the generator is closed")


print("Content-Type: text/plain\n")
generator = numbers()
next(generator)
