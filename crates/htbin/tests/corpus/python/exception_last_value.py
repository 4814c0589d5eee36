#!/usr/bin/python3
import atexit
import sys


def late():
    print(sys.last_type.__name__, sys.last_value, sys.last_traceback.tb_frame.f_code.co_name, sys.last_traceback.tb_next)


atexit.register(late)
print("Content-Type: text/plain\n")
raise ValueError("kept")
