#!/usr/bin/python3 -Xutf8=0
import sys

print("Content-Type: text/plain\n")
print(sys.flags.utf8_mode, sys.stdout.encoding, sys.getfilesystemencoding(), sys._xoptions)
