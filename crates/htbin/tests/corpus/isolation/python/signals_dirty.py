#!/usr/bin/python3
import signal

signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGUSR1, lambda *args: None)
signal.signal(signal.SIGINT, signal.SIG_DFL)
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP, signal.SIGALRM])
signal.setitimer(signal.ITIMER_REAL, 100)
print("Content-Type: text/plain\n")
