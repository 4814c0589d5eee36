#!/usr/bin/python3
print("Content-Type: text/plain\n")
for name in "cgi", "cgitb", "imp", "asyncore", "smtpd", "pipes", "telnetlib", "crypt", "distutils", "lib2to3", "xdrlib", "sre_compile":
    try:
        __import__(name)
        print(name)
    except ImportError as error:
        print(error)
