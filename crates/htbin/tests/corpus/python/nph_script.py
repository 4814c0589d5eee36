#!/usr/bin/python3
import sys

sys.stdout.buffer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nall by itself")
