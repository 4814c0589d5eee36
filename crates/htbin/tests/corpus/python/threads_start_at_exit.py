#!/usr/bin/python3
import atexit
import threading


def late():
    try:
        threading.Thread(target=print, args=("late thread",)).start()
    except RuntimeError as error:
        print(error)


atexit.register(late)
print("Content-Type: text/plain\n")
