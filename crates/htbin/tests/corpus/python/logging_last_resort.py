#!/usr/bin/python3
import logging

print("Content-Type: text/plain\n")
print(logging.getLogger().handlers, logging.lastResort)
logging.getLogger("a.b").warning("by the handler of last resort")
