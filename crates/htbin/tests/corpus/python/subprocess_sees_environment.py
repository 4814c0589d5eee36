#!/usr/bin/python3
#: GET /x?y=1
import os
import subprocess

print("Content-Type: text/plain\n", flush=True)
os.environ["ADDED"] = "yes"
del os.environ["QUERY_STRING"]
os.putenv("PUT", "behind its back")
subprocess.run(["env"])
os.system("echo $ADDED $PUT [$QUERY_STRING]")
