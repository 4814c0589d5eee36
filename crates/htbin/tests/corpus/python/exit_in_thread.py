#!/usr/bin/python3
import sys
import threading

print("Content-Type: text/plain\n")
thread = threading.Thread(target=sys.exit, args=(5,))
thread.start()
thread.join()
print("still here")
