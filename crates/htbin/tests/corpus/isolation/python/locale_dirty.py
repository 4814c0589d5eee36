#!/usr/bin/python3
import locale
import os
import time

locale.setlocale(locale.LC_ALL, "C.UTF-8")
os.environ["TZ"] = "Asia/Tokyo"
time.tzset()
print("Content-Type: text/plain\n")
