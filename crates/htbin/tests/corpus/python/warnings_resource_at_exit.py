#!/usr/bin/python3 -Wdefault
import tempfile

print("Content-Type: text/plain\n")
folder = tempfile.TemporaryDirectory(prefix="same", suffix="name", dir=None)
folder.name = "/tmp/the-name-is-not-shown"
open("/dev/null").read()
print("end")
