#!/usr/bin/python3
import multiprocessing
import multiprocessing.process
import sys

print("Content-Type: text/plain\n")
print(multiprocessing.current_process().name, multiprocessing.parent_process(), multiprocessing.active_children())
print(multiprocessing.get_start_method(), multiprocessing.spawn.get_executable() if hasattr(multiprocessing, "spawn") else "")
print(len(multiprocessing.current_process().authkey), sys.modules["__main__"] is sys.modules.get("__mp_main__"))
