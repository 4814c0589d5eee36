#!/usr/bin/env python2
print("Content-Type: text/plain\n")
print("hello")
