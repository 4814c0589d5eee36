#!/usr/bin/python3
#: GET /
#: GET / cpu=9 as=2000000000 nproc=9000 fsize=100000
import resource

print("Content-Type: text/plain\n")
for name in sorted(dir(resource)):
    if name.startswith("RLIMIT_"):
        print(name, resource.getrlimit(getattr(resource, name)))
