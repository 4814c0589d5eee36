#!/usr/bin/python3
import traceback


def outer():
    try:
        {}["x"]
    except KeyError:
        traceback.print_exc()
        print(traceback.format_exc())
    traceback.print_stack()
    print("".join(traceback.format_stack()))


print("Content-Type: text/plain\n")
outer()
print(len(traceback.extract_stack()))
