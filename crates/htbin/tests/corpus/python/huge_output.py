#!/usr/bin/python3
import sys

print("Content-Type: application/octet-stream\n", flush=True)
line = bytes(range(32, 127)) + b"\n"
sys.stdout.buffer.write(line * (5 * 1024 * 1024 // len(line)))
