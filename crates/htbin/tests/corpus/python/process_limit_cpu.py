#!/usr/bin/python3
#: GET / cpu=1
print("Content-Type: text/plain\n", flush=True)
while True:
    pass
