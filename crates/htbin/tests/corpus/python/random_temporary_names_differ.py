#!/usr/bin/python3
#: GET / unlike
import tempfile

with tempfile.NamedTemporaryFile() as file:
    print("Content-Type: text/plain\n\n%s" % file.name)
