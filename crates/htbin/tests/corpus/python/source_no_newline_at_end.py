#!/usr/bin/python3
print("Content-Type: text/plain\n")
print("no newline at the end of the source")