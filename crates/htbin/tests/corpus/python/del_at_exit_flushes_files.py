#!/usr/bin/python3
print("Content-Type: text/plain\n", flush=True)
file = open("/proc/self/fd/1", "w")
file.write("written when the file object dies\n")
