#!/usr/bin/python3
import threading

local = threading.local()
local.x = "main"


def work():
    print(hasattr(local, "x"))


print("Content-Type: text/plain\n")
timer = threading.Timer(0.01, work)
timer.start()
timer.join()
print(local.x)
