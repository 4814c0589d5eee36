#!/usr/bin/python3
answer = "Content-Type: text/plain\n\nhello\n"
