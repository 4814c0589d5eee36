#!/usr/bin/python3
print("never: the kernel does not know this first line")
