#!/usr/bin/python3
import asyncio


async def double(number):
    await asyncio.sleep(0.001)
    return number * 2


async def main():
    print(await asyncio.gather(*(double(n) for n in range(5))))
    process = await asyncio.create_subprocess_exec("echo", "child", stdout=asyncio.subprocess.PIPE)
    print(await process.communicate(), process.returncode)
    print(await asyncio.get_running_loop().run_in_executor(None, sum, [1, 2]))


print("Content-Type: text/plain\n", flush=True)
asyncio.run(main())
