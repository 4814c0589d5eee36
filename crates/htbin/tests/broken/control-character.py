#!/usr/bin/python3
name = "Ada\r\rSet-Cookie: admin=1"  # as it came in a form
print("Content-Type: text/plain")
print("X-Greeted: " + name)
print()
print("hello")
