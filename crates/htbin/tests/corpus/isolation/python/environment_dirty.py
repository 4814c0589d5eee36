#!/usr/bin/python3
#: GET /secret?password=1 env=HTTP_COOKIE=session=1
import os

os.environ["LEFT_BEHIND"] = "1"
os.environ["PATH"] = "/nowhere"
del os.environ["SERVER_NAME"]
os.putenv("PUT", "1")
print("Content-Type: text/plain\n")
