#!/usr/bin/python3 -Wignore
try:
    import cgitb
except ImportError:
    raise SystemExit(print("skip: no cgitb module"))
cgitb.enable(display=1)
print("Content-Type: text/html\n")
unknown_name
