#!/usr/bin/python3
import csv
import decimal

print("Content-Type: text/plain\n")
print(hasattr(csv, "reader"), hasattr(decimal, "Decimal"))
