#!/usr/bin/python3
import os
from os import environ, environb, getenv

print("Content-Type: text/plain\n")
print(environ is os.environ, getenv("REQUEST_METHOD"), environb[b"REQUEST_METHOD"], "NOT_THERE" in environ)
os.environ["A"] = "1"
print(environb[b"A"])
environb[b"A"] = b"2"
print(environ["A"], os.popen("echo $A").read())
environ.pop("A")
os.unsetenv("REQUEST_METHOD")
print(os.popen("echo [$A] [$REQUEST_METHOD]").read(), environ["REQUEST_METHOD"])
