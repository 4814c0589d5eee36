#!/usr/bin/python3
import locale
import time

print("Content-Type: text/plain\n")
print(locale.setlocale(locale.LC_ALL, ""))
print(locale.setlocale(locale.LC_ALL, "C.UTF-8"), locale.getlocale(), time.strftime("%A %B", time.gmtime(0)))
print(locale.setlocale(locale.LC_ALL, "xx_XX"))
