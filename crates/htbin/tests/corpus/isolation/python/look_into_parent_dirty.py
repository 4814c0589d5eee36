#!/usr/bin/python3
import os
import signal

print("Content-Type: text/plain\n")
for entry in os.listdir("/proc"):
    if entry.isdigit() and int(entry) != os.getpid():
        try:
            if b"htbin-warm" in open("/proc/%s/cmdline" % entry, "rb").read() and os.geteuid():
                open("/proc/%s/environ" % entry, "rb").read()
                open("/proc/%s/mem" % entry, "r+b")
                print("the warm interpreter can be opened")
        except OSError:
            pass
