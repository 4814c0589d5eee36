#!/usr/bin/python3
import glob
import tempfile

print("Content-Type: text/plain\n")
print(glob.glob(tempfile.gettempdir() + "/left-by-the-corpus-*"))
