#!/usr/bin/env python3
import sys

print("Content-Type: text/plain\n")
print(sys.executable, sys.orig_argv if sys.version_info >= (3, 10) else "", sys.argv)
print(open("/proc/self/comm").read().strip())
