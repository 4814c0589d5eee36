#!/usr/bin/python3
import sys

print("Content-Type: text/plain\n")
print("\n".join(sys.path))
print(sys.prefix, sys.base_prefix, sys.exec_prefix, sys.executable, sys._base_executable, sys.platlibdir)
