#!/usr/bin/python3
print("Content-Type: text/plain\n")
for line in open("/proc/self/status"):
    if line.startswith(("Sig", "Shd")) and not line.startswith("SigQ"):
        print(line, end="")
