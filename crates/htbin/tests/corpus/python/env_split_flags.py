#!/usr/bin/env -S python3 -Wignore -B
import sys

print("Content-Type: text/plain\n")
print(sys.flags, sys.warnoptions, sys.argv)
