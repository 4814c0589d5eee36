#!/usr/bin/python3
import threading
import time


def work():
    time.sleep(0.05)
    print("thread ends")


print("Content-Type: text/plain\n")
threading.Thread(target=work).start()
raise ValueError("main")
