#!/usr/bin/python3
import multiprocessing


def work(queue, number):
    queue.put((multiprocessing.current_process().name, number * number))


if __name__ == "__main__":
    print("Content-Type: text/plain\n", flush=True)
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    process = context.Process(target=work, args=(queue, 7))
    process.start()
    print(queue.get())
    process.join()
    print(process.exitcode)
