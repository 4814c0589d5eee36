#!/usr/bin/python3
import concurrent.futures

print("Content-Type: text/plain\n")
with concurrent.futures.ThreadPoolExecutor(3) as executor:
    print(list(executor.map(str.upper, "abc")))
    print(repr(executor.submit(int, "x").exception()))
