#!/usr/bin/python3 -Xdev
import faulthandler
import sys

print("Content-Type: text/plain\n")
print(sys.flags, sys.warnoptions, faulthandler.is_enabled())
open("/dev/null")
