#!/usr/bin/python3
import atexit
import logging.handlers
import sys

print("Content-Type: text/plain\n")
target = logging.StreamHandler(sys.stdout)
memory = logging.handlers.MemoryHandler(100, target=target)
logging.getLogger().addHandler(memory)
atexit.register(logging.getLogger().warning, "logged at exit")
logging.getLogger().warning("kept in memory until logging.shutdown")
