#!/usr/bin/python3
#: GET / unlike
import uuid

print("Content-Type: text/plain\n\n%s" % uuid.uuid1())
