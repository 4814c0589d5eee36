#!/usr/bin/python3
import os

print("Content-Type: text/plain\n")
for line in open("/proc/self/status"):
    if line.startswith(("Name", "Umask", "State", "TracerPid", "Uid", "Gid", "FDSize", "Groups", "Threads", "Cap", "NoNewPrivs", "Seccomp:", "Cpus_allowed_list", "CoreDumping")):
        print(line, end="")
print(open("/proc/self/oom_score_adj").read(), open("/proc/self/timerslack_ns").read(), open("/proc/self/coredump_filter").read())
print(os.stat("/proc/self").st_uid == os.geteuid(), os.access("/proc/self/mem", os.W_OK))
