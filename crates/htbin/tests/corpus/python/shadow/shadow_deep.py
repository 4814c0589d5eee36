#!/usr/bin/python3
import email.message

print("Content-Type: text/plain\n")
print(email.message.Message())
