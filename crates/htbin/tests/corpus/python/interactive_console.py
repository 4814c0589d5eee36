#!/usr/bin/python3
#: POST / data=1 + 1\nx = 3\nx * 2\n
import code

print("Content-Type: text/plain\n")
code.interact(banner="", exitmsg="", local={})
