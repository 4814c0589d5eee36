#!/usr/bin/python3
import gc

gc.disable()
gc.set_threshold(1)
gc.callbacks.append(print)
print("Content-Type: text/plain\n")
gc.callbacks.clear()
