#!/usr/bin/python3
import concurrent.futures


def cube(number):
    return number ** 3


if __name__ == "__main__":
    print("Content-Type: text/plain\n", flush=True)
    with concurrent.futures.ProcessPoolExecutor(2) as executor:
        print(list(executor.map(cube, range(5))))
