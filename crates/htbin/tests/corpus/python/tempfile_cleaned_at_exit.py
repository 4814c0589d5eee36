#!/usr/bin/python3 -Wignore
import atexit
import os
import tempfile

folder = tempfile.TemporaryDirectory()
file = tempfile.NamedTemporaryFile()
print("Content-Type: text/plain\n", flush=True)
os.system("(sleep 0.2; test -e '%s' -o -e '%s' && echo left behind || echo gone) &" % (folder.name, file.name))
