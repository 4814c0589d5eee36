#!/usr/bin/python3
import socket

print("Content-Type: text/plain\n")
print(socket.getdefaulttimeout(), socket.getaddrinfo is None)
