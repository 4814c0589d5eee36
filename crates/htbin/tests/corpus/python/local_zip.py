#!/usr/bin/python3
import os
import sys
import tempfile
import zipfile

with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "code.zip")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("zipped.py", "NAME = __name__\n")
        archive.writestr("textwrap.py", "SHADOW = True\n")
    sys.path.insert(0, path)
    import zipped
    import textwrap
    print("Content-Type: text/plain\n")
    print(zipped.NAME, type(zipped.__loader__).__name__, hasattr(textwrap, "SHADOW"))
