#!/usr/bin/python3
with open("guestbook.txt", "a") as book:
    book.write("hello\n")
print("Content-Type: text/plain\n")
print("hello")
