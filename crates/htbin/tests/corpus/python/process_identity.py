#!/usr/bin/python3
import os

print("Content-Type: text/plain\n")
pid = os.getpid()
print(os.getpgid(0) == pid, os.getsid(0) == pid, "parent", os.getppid(), os.getpriority(os.PRIO_PROCESS, 0))
print(os.getuid(), os.geteuid(), os.getgid(), os.getgroups(), os.sched_getaffinity(0), os.sched_getscheduler(0))
print(open("/proc/self/comm").read(), os.getcwd(), oct(os.umask(0)), os.getlogin() if os.isatty(0) else "no terminal")
