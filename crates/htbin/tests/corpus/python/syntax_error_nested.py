#!/usr/bin/python3
print("Content-Type: text/plain\n")
compile("a = = b\n", "<inner>", "exec")
