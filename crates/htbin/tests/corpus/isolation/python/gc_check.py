#!/usr/bin/python3
import gc

print("Content-Type: text/plain\n")
print(gc.isenabled(), gc.get_threshold(), gc.callbacks, gc.garbage)
