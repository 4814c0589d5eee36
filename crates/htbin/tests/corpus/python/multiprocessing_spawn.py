#!/usr/bin/python3
import multiprocessing


class Thing:
    def __init__(self, value):
        self.value = value


def work(connection, thing):
    connection.send((__name__, thing.value, type(thing).__module__))


if __name__ == "__main__":
    print("Content-Type: text/plain\n", flush=True)
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=work, args=(theirs, Thing(3)))
    process.start()
    print(ours.recv())
    process.join()
    print(process.exitcode)
