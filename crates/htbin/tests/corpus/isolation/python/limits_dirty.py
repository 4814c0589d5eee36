#!/usr/bin/python3
#: GET / cpu=5 fsize=100000 nproc=9000 as=2000000000
import os
import resource

resource.setrlimit(resource.RLIMIT_NOFILE, (50, 50))
os.nice(5)
print("Content-Type: text/plain\n")
