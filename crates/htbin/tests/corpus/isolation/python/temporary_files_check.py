#!/usr/bin/python3
import tempfile

print("Content-Type: text/plain\n")
print(tempfile.tempdir, tempfile.template, tempfile.gettempdir(), tempfile._name_sequence)
