#!/usr/bin/python3
import tempfile

tempfile.tempdir = "/nowhere"
tempfile.template = "changed"
tempfile._name_sequence = iter(["same"])
print("Content-Type: text/plain\n")
