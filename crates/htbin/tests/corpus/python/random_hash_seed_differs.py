#!/usr/bin/python3
#: GET / unlike
import os

# With a fixed seed there is nothing to compare.
print("Content-Type: text/plain\n\n%s" % (os.urandom(8) if os.environ.get("PYTHONHASHSEED", "random") != "random" else hash("text")))
