#!/usr/bin/python3
# -*- coding: latin-1 -*-
print("Content-Type: text/plain\n")
print(ascii("grüße"))
raise ValueError("für")
