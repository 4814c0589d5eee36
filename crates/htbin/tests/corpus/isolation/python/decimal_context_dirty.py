#!/usr/bin/python3
import decimal

decimal.getcontext().prec = 3
decimal.DefaultContext.prec = 4
decimal.setcontext(decimal.Context(prec=5))
print("Content-Type: text/plain\n")
