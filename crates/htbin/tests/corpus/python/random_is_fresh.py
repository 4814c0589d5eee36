#!/usr/bin/python3
#: GET / unlike
import random
import secrets
import tempfile
import uuid

print("Content-Type: text/plain\n")
print(random.random(), random.SystemRandom().random())
print(secrets.token_hex(8), uuid.uuid4(), uuid.uuid1())
print(tempfile.mktemp(), next(tempfile._get_candidate_names()))
