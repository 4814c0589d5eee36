#!/usr/bin/python3
import warnings


def show(message, category, filename, lineno, file=None, line=None):
    print("shown:", message, category.__name__, filename == __file__, lineno)


warnings.showwarning = show
print("Content-Type: text/plain\n")
warnings.warn("for the page")
"x" is "y" if False else None
eval("1 is 1")
