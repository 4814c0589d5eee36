#!/usr/bin/python3
#: GET / unlike
import multiprocessing

print("Content-Type: text/plain\n\n%s" % bytes(multiprocessing.current_process().authkey).hex())
