#!/usr/bin/python3
import os
import sys

sys.stdout.write("Content-Type: text/plain\n\nnever flushed: of an earlier request")
sys.stdin.read(1)
os._exit(0)
