#!/usr/bin/python3
if True:
	print("Content-Type: text/plain\n")

	print("tabs")
