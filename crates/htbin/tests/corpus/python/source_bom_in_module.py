#!/usr/bin/python3
import local.with_bom

print("Content-Type: text/plain\n")
print(local.with_bom.NAME)
