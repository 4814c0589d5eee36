#!/usr/bin/python3
if True:
        print("spaces")
	print("tab")
