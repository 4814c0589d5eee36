#!/usr/bin/python3
import warnings


def warn():
    warnings.warn("once for this line")


print("Content-Type: text/plain\n")
warn()
warn()
warnings.simplefilter("once")
warn()
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    warn()
    print([str(w.message) for w in caught], caught[0].filename == __file__, caught[0].lineno)
