#!/usr/bin/python3
import os
import threading
import _thread

main = threading.main_thread()
print("Content-Type: text/plain\n")
print(main, main is threading.current_thread(), main.name, main.daemon) if False else print(main.name, main.daemon, type(main).__name__)
print(threading.get_native_id() == os.getpid(), main.native_id == os.getpid(), main.ident == _thread.get_ident())
print([thread.name for thread in threading.enumerate()], _thread._count(), len(os.listdir("/proc/self/task")))
