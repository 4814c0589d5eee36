#!/usr/bin/python3
import cProfile
import io
import pstats


def work():
    return sum(range(10))


print("Content-Type: text/plain\n")
profile = cProfile.Profile()
profile.runctx("work()", globals(), {})
print(sorted(function[2] for function in pstats.Stats(profile, stream=io.StringIO()).stats))
