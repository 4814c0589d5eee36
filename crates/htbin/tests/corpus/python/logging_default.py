#!/usr/bin/python3
import logging

print("Content-Type: text/plain\n")
logging.info("not shown")
logging.warning("shown %s", "é")
try:
    1 / 0
except ZeroDivisionError:
    logging.exception("with its traceback")
print(logging.getLogger().handlers, logging.root.level, sorted(logging.Logger.manager.loggerDict))
