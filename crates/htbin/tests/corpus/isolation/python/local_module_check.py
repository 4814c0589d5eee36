#!/usr/bin/python3
import local_to_isolation

print("Content-Type: text/plain\n")
print(local_to_isolation.VISITS)
