#!/usr/bin/python3
#: POST / data=p 6 * 7\nc\n
print("Content-Type: text/plain\n")
breakpoint()
print("after")
