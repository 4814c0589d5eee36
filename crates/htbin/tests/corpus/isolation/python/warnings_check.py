#!/usr/bin/python3
import warnings

print("Content-Type: text/plain\n")
print(warnings.filters, warnings.defaultaction)
warnings.warn("shown each time")
warnings.warn("shown too", DeprecationWarning)
