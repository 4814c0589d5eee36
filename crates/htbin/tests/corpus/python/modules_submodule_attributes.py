#!/usr/bin/python3
import concurrent
import email
import importlib
import json
import os
import urllib
import xml

print("Content-Type: text/plain\n")
for module in concurrent, email, importlib, json, os, urllib, xml:
    print(module.__name__, [name for name in sorted(vars(module)) if type(vars(module)[name]) is type(os)])
print(urllib.parse)
