#!/usr/bin/python3
import gc

print("Content-Type: text/plain\n")
print(gc.get_freeze_count())
