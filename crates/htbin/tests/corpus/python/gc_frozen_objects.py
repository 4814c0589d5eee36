#!/usr/bin/python3
#: differs the collector keeps what was loaded ahead apart
import gc

print("Content-Type: text/plain\n")
print(gc.get_freeze_count())
