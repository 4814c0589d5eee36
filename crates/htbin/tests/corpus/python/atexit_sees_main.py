#!/usr/bin/python3
import atexit
import sys
import threading

value = "still there"


@atexit.register
def late():
    print(value, sys.modules["__main__"].value, threading.current_thread().name, threading.main_thread().is_alive())


print("Content-Type: text/plain\n")
