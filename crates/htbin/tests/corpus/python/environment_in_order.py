#!/usr/bin/python3
#: GET /a%20b?x=1 env=HTTP_X_ODD=caf\xe9 env=EMPTY= env=EQUALS=a=b
import os

print("Content-Type: text/plain\n")
for name, value in os.environ.items():
    print(ascii(name), ascii(value))
print(os.environb.get(b"HTTP_X_ODD"), len(os.environ) == len(os.environb), type(os.environ).__name__)
