#!/usr/bin/python3
import os
import socket

files = [os.open("/etc/hostname", os.O_RDONLY) for _ in range(20)]
for descriptor in files:
    os.set_inheritable(descriptor, True)
kept = socket.socketpair()
os.dup2(files[0], 0)
print("Content-Type: text/plain\n")
