#!/usr/bin/python3
import sqlite3

print("Content-Type: text/plain\n")
connection = sqlite3.connect(":memory:")
connection.row_factory = sqlite3.Row
connection.create_function("twice", 1, lambda value: value and value * 2)
with connection:
    connection.execute("create table people (name text, age integer)")
    connection.executemany("insert into people values (?, ?)", [("Ada", 36), ("Åsa", None)])
for row in connection.execute("select name, twice(age) as age from people order by name"):
    print(dict(row))
connection.execute("select nothing")
