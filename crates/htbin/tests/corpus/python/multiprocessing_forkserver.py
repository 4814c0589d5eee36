#!/usr/bin/python3
import multiprocessing


def work(connection):
    connection.send(__name__)


if __name__ == "__main__":
    print("Content-Type: text/plain\n", flush=True)
    context = multiprocessing.get_context("forkserver")
    ours, theirs = context.Pipe()
    process = context.Process(target=work, args=(theirs,))
    process.start()
    print(ours.recv())
    process.join()
    print(process.exitcode)
