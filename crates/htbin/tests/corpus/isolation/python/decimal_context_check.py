#!/usr/bin/python3
import decimal

print("Content-Type: text/plain\n")
print(decimal.Decimal(1) / 3, decimal.getcontext(), decimal.DefaultContext)
