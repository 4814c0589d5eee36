#!/usr/bin/python3
import base64
import collections
import configparser
import csv
import datetime
import decimal
import difflib
import fractions
import functools
import gzip
import hashlib
import hmac
import http.cookies
import io
import ipaddress
import itertools
import json
import math
import pathlib
import pprint
import re
import shlex
import statistics
import string
import struct
import textwrap
import urllib.parse
import xml.etree.ElementTree
import zipfile
import zlib

print("Content-Type: text/plain\n")
print(base64.b64encode(b"octets"), collections.Counter("mississippi").most_common(2), list(csv.reader(["a,\"b,c\""])))
print(datetime.datetime(2024, 2, 29, 12, tzinfo=datetime.timezone.utc).isoformat(), datetime.datetime.strptime("3 May 2020", "%d %B %Y"))
print(decimal.Decimal(1) / 3, decimal.getcontext(), fractions.Fraction(3, 9), functools.reduce(math.gcd, [12, 18]))
print(hashlib.md5(b"x").hexdigest(), hmac.new(b"k", b"m", "sha256").hexdigest(), zlib.crc32(b"x"), len(gzip.compress(b"x" * 100, mtime=0)))
print(http.cookies.SimpleCookie("a=1; b=2"), ipaddress.ip_network("10.0.0.0/30").num_addresses, list(itertools.permutations("ab")))
print(json.dumps({"b": [1, None, 2.5], "a": "é"}, sort_keys=True), pathlib.Path("a/b").parent, shlex.split("a 'b c'"))
print(re.sub(r"(?P<x>\w+)", r"<\g<x>>", "one two"), statistics.median([3, 1, 2]), string.Template("$x").substitute(x=1), struct.pack(">Hi", 1, -1))
print(textwrap.fill("word " * 30, 40), urllib.parse.urlsplit("http://u@h:1/p?q#f"))
print(xml.etree.ElementTree.tostring(xml.etree.ElementTree.fromstring("<a b='1'><c/></a>")))
configuration = configparser.ConfigParser()
configuration.read_string("[s]\nk = v\n")
print(dict(configuration["s"]), list(difflib.unified_diff(["a"], ["b"], lineterm="")))
buffer = io.BytesIO()
with zipfile.ZipFile(buffer, "w") as archive:
    archive.writestr(zipfile.ZipInfo("x"), "y")
print(len(buffer.getvalue()))
pprint.pprint({"k" * 30: ["v" * 30] * 3})
