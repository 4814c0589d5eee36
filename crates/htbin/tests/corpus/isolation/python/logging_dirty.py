#!/usr/bin/python3
import logging
import sys

logging.basicConfig(stream=sys.stdout, level=logging.DEBUG)
logging.getLogger("dirty").setLevel(1)
logging.addLevelName(7, "SEVEN")
logging.disable(logging.ERROR)
logging.raiseExceptions = False
print("Content-Type: text/plain\n")
