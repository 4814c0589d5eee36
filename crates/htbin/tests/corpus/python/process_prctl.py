#!/usr/bin/python3
import ctypes

prctl = ctypes.CDLL(None).prctl
print("Content-Type: text/plain\n")
for name, number in dict(pdeathsig=2, dumpable=3, keepcaps=7, timing=13, seccomp=21, securebits=27, timerslack=30, subreaper=37, no_new_privs=39, thp_disable=42).items():
    value = ctypes.c_long(-1)
    result = prctl(number, ctypes.byref(value), 0, 0, 0) if name in ("pdeathsig", "subreaper") else prctl(number, 0, 0, 0, 0)
    print(name, result, value.value)
