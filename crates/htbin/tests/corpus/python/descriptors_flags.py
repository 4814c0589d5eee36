#!/usr/bin/python3
import fcntl

print("Content-Type: text/plain\n")
for number in range(3):
    print(number, oct(fcntl.fcntl(number, fcntl.F_GETFL)), fcntl.fcntl(number, fcntl.F_GETFD), fcntl.fcntl(number, fcntl.F_GETOWN))
