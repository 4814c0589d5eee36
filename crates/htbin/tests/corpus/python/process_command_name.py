#!/usr/bin/python3
import os
import threading

print("Content-Type: text/plain\n")
print(open("/proc/self/comm").read(), open("/proc/self/task/%d/comm" % os.getpid()).read())
thread = threading.Thread(target=lambda: print(open("/proc/thread-self/comm").read()))
thread.start()
thread.join()
os.system("cat /proc/$PPID/comm")
