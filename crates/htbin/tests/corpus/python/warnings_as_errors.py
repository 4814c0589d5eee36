#!/usr/bin/python3 -Werror
import warnings

print("Content-Type: text/plain\n")
warnings.warn("this ends the script")
