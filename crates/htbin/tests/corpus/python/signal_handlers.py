#!/usr/bin/python3
import signal

print("Content-Type: text/plain\n")
for number in sorted(signal.valid_signals()):
    handler = signal.getsignal(number)
    if handler != signal.SIG_DFL:
        print(int(number), handler if handler is not signal.default_int_handler else "default_int_handler")
print(signal.pthread_sigmask(signal.SIG_BLOCK, []), signal.getitimer(signal.ITIMER_REAL), signal.set_wakeup_fd(-1))
