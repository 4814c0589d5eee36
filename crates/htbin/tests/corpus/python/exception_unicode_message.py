#!/usr/bin/python3
raise ValueError("Grüße \udc80 \x00 日本")
