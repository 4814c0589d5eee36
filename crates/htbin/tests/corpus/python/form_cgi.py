#!/usr/bin/python3 -Wignore
#: GET ?name=Ada&x=<b>
#: POST /x?q=1&name=Q type=application/x-www-form-urlencoded data=name=Ada+%C3%85&b=2&b=3
#: POST / type=application/json data={"a": 1}
import html

try:
    import cgi
except ImportError:
    raise SystemExit(print("skip: no cgi module"))
form = cgi.FieldStorage()
print("Content-Type: text/html\n")
try:
    for name in sorted(form):
        print("<p>", html.escape(name), html.escape(repr(form.getlist(name))))
except TypeError as error:
    print("no fields:", error, form.file.read())
