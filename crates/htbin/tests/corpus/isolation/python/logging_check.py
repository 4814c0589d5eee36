#!/usr/bin/python3
import logging

print("Content-Type: text/plain\n")
print(logging.root.handlers, logging.root.level, logging.root.manager.disable, "dirty" in logging.root.manager.loggerDict, logging.getLevelName(7), logging.raiseExceptions)
logging.warning("a warning")
