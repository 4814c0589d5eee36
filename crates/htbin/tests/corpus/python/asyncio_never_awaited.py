#!/usr/bin/python3
async def work():
    pass


print("Content-Type: text/plain\n")
work()
print("after")
