#!/usr/bin/python3
import tempfile

folder = tempfile.TemporaryDirectory(prefix="left-by-the-corpus-")
file = tempfile.NamedTemporaryFile(prefix="left-by-the-corpus-")
print("Content-Type: text/plain\n")
