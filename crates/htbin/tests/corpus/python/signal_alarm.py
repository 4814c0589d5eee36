#!/usr/bin/python3
#: GET ?handled
#: GET ?unhandled
import signal
import sys
import time


def ring(number, frame):
    print("rang", number, frame.f_code.co_name)


print("Content-Type: text/plain\n", flush=True)
if sys.argv[1] == "handled":
    signal.signal(signal.SIGALRM, ring)
signal.setitimer(signal.ITIMER_REAL, 0.01)
time.sleep(0.1)
print("done")
