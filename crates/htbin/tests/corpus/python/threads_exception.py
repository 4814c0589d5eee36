#!/usr/bin/python3
import threading


def work():
    raise ValueError("in a thread")


print("Content-Type: text/plain\n")
thread = threading.Thread(target=work, name="worker")
thread.start()
thread.join()
threading.excepthook = lambda args: print("hook", args.exc_type.__name__, args.exc_value)
thread = threading.Thread(target=work)
thread.start()
thread.join()
