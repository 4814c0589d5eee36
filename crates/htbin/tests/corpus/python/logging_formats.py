#!/usr/bin/python3
import logging
import os
import sys

logging.basicConfig(stream=sys.stdout, level=logging.DEBUG, format="%(levelname)s %(name)s %(module)s %(funcName)s %(lineno)d %(processName)s %(threadName)s %(message)s")


def work():
    logging.getLogger("work").debug("from a function")


print("Content-Type: text/plain\n")
work()
record = logging.LogRecord("n", 10, "p", 1, "m", (), None)
print(record.process == os.getpid(), 0 <= record.relativeCreated < 60000)
