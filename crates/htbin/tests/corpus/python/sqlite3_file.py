#!/usr/bin/python3
import os
import sqlite3
import tempfile

print("Content-Type: text/plain\n")
with tempfile.TemporaryDirectory() as folder:
    for number in range(3):
        connection = sqlite3.connect(os.path.join(folder, "counter.db"))
        with connection:
            connection.execute("create table if not exists hits (number integer)")
            connection.execute("insert into hits values (?)", (number,))
        print(connection.execute("select count(*), sum(number) from hits").fetchone())
        connection.close()
print(sqlite3.threadsafety, sqlite3.sqlite_version == sqlite3.connect(":memory:").execute("select sqlite_version()").fetchone()[0])
