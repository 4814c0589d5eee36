#!/usr/bin/python3
#: GET ?SIGSEGV
#: GET ?SIGTERM
#: GET ?SIGKILL
#: GET ?SIGINT
#: GET ?SIGPIPE
#: GET ?SIGHUP
#: GET ?SIGUSR1
#: GET ?SIGXFSZ
#: GET ?SIGCHLD
import atexit
import os
import signal
import sys
import time

atexit.register(print, "at exit")
print("Content-Type: text/plain\n", flush=True)
os.kill(os.getpid(), getattr(signal, sys.argv[1]))
time.sleep(0.01)
print("survived")
