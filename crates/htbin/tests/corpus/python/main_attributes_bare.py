#!/usr/bin/python3
print("Content-Type: text/plain\n")
print(__doc__, __spec__, __package__, __file__, sorted(vars()), sorted(dir()))
