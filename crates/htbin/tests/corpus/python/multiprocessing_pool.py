#!/usr/bin/python3
import multiprocessing


def square(number):
    return number * number


def fail(number):
    raise ValueError(number)


if __name__ == "__main__":
    print("Content-Type: text/plain\n", flush=True)
    with multiprocessing.get_context("fork").Pool(2) as pool:
        print(pool.map(square, range(10)))
        try:
            pool.map(fail, [1])
        except ValueError as error:
            print(repr(error))
