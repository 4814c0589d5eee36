#!/usr/bin/python3
import signal

print("Content-Type: text/plain\n")
for number in signal.SIGTERM, signal.SIGUSR1, signal.SIGPIPE, signal.SIGINT:
    print(signal.getsignal(number) if number != signal.SIGINT else signal.getsignal(number) is signal.default_int_handler)
print(signal.pthread_sigmask(signal.SIG_BLOCK, []), signal.getitimer(signal.ITIMER_REAL))
print([line for line in open("/proc/self/status") if line.startswith(("SigBlk", "SigIgn", "SigCgt"))])
