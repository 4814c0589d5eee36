#!/usr/bin/python3 -Wignore
import sys


class Gone:
    """Whatever Python this is, it lacks what 3.13 lacks."""

    def find_spec(self, name, path, target=None):
        if name in ("cgi", "cgitb"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


sys.meta_path.insert(0, Gone())
import cgi

form = cgi.FieldStorage()
print("Content-Type: text/plain\n")
print("hello", form.getvalue("name"))
