#!/usr/bin/python3
import sys


def leave():
    try:
        sys.exit(3)
    finally:
        print("finally")


print("Content-Type: text/plain\n")
leave()
