#!/usr/bin/python3
import ctypes
import os

print("Content-Type: text/plain\n")
c = ctypes.CDLL(None, use_errno=True)
print(c.close(-1), os.strerror(ctypes.get_errno()), c.getpid() == os.getpid())
c.printf(b"by C's own buffer\n")
