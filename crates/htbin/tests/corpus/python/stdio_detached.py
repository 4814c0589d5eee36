#!/usr/bin/python3
import sys

out = sys.stdout.detach()
out.write(b"Content-Type: text/plain\n\ndetached\n")
