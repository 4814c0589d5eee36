#!/usr/bin/python3
#: GET ?one+two
#: GET ?-h
import argparse

parser = argparse.ArgumentParser()
parser.add_argument("word")
print("Content-Type: text/plain\n")
print(parser.parse_args())
