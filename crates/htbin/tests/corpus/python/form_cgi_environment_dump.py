#!/usr/bin/python3 -Wignore
#: GET ?name=Ada
try:
    import cgi
except ImportError:
    raise SystemExit(print("skip: no cgi module"))
print("Content-Type: text/html\n")
cgi.print_environ()
cgi.print_form(cgi.FieldStorage())
cgi.print_directory()
cgi.print_arguments()
