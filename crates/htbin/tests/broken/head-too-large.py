#!/usr/bin/python3
print("Content-Type: text/plain")
for number in range(300):
    print(f"Line: {number}")
