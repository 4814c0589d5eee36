#!/usr/bin/python3
import datetime
import os
import time

print("Content-Type: text/plain\n")
print(time.tzname, time.timezone, time.localtime(0), os.environ.get("TZ"))
os.environ["TZ"] = "Asia/Tokyo"
time.tzset()
print(time.tzname, time.localtime(0).tm_hour, datetime.datetime.fromtimestamp(0))
