#!/usr/bin/python3
#: GET / unlike
import sqlite3

print("Content-Type: text/plain\n\n%s" % sqlite3.connect(":memory:").execute("select random()").fetchone())
