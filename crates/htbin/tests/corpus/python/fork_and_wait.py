#!/usr/bin/python3
import os
import sys

print("Content-Type: text/plain\n", flush=True)
child = os.fork()
if child == 0:
    print("child", os.getppid() != 1)
    sys.exit(4)
status = os.waitpid(child, 0)[1]
print("parent", os.WEXITSTATUS(status))
