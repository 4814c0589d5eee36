#!/usr/bin/python3
import locale
import os
import sys

print("Content-Type: text/plain\n")
print(sys.getdefaultencoding(), sys.getfilesystemencoding(), sys.getfilesystemencodeerrors(), sys.flags.utf8_mode)
print(locale.getpreferredencoding(), locale.getpreferredencoding(False), locale.setlocale(locale.LC_ALL), locale.localeconv()["decimal_point"])
print([locale.setlocale(kind) for kind in (locale.LC_CTYPE, locale.LC_NUMERIC, locale.LC_TIME, locale.LC_COLLATE, locale.LC_MESSAGES)])
print(os.environ.get("LC_ALL"), os.environ.get("LANG"), os.environ.get("LC_CTYPE"), open("/dev/null").encoding)
