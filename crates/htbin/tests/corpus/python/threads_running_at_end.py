#!/usr/bin/python3
import threading
import time


def work():
    time.sleep(0.05)
    print("thread ends, main thread alive:", threading.main_thread().is_alive())


print("Content-Type: text/plain\n")
threading.Thread(target=work).start()
print("main ends")
