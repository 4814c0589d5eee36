#!/usr/bin/python3
import concurrent.futures
import time


def work(number):
    time.sleep(0.02)
    print("done", number)


print("Content-Type: text/plain\n")
executor = concurrent.futures.ThreadPoolExecutor(1)
for number in range(3):
    executor.submit(work, number)
print("main ends")
