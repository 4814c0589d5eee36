#!/usr/bin/python3 -Wdefault
import socket

print("Content-Type: text/plain\n")
unclosed = socket.socket(socket.AF_UNIX)
open("/dev/null").read()
print("end")
