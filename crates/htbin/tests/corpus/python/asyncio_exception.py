#!/usr/bin/python3
import asyncio


async def main():
    asyncio.get_running_loop().call_soon(lambda: 1 / 0)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    raise ValueError("out of main")


print("Content-Type: text/plain\n")
asyncio.run(main())
