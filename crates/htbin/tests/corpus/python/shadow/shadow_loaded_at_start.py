#!/usr/bin/python3
import codecs
import os
import site

print("Content-Type: text/plain\n")
print(hasattr(os, "SHADOW"), hasattr(codecs, "SHADOW"), hasattr(site, "SHADOW"))
