#!/usr/bin/python3 -Wignore
import sys

NAMES = """abc argparse ast asyncio base64 bisect bz2 calendar cmath code codecs codeop collections.abc colorsys
concurrent.futures configparser contextlib contextvars copy csv ctypes curses.ascii dataclasses datetime dbm decimal difflib dis
doctest email.mime.multipart email.utils enum filecmp fileinput fnmatch fractions ftplib functools getopt getpass gettext glob
graphlib gzip hashlib heapq hmac html.entities http.client http.cookies http.server imaplib inspect io ipaddress json.tool locale
logging.handlers lzma mailbox marshal mimetypes mmap multiprocessing.pool netrc numbers operator optparse pathlib pdb pickletools
pkgutil platform plistlib poplib pprint profile pty pyclbr queue quopri random readline reprlib runpy sched secrets select
selectors shelve shlex shutil smtplib socketserver sqlite3 ssl statistics string struct subprocess symtable tarfile tempfile
termios textwrap timeit token tokenize trace tracemalloc types typing unicodedata unittest.mock urllib.robotparser uuid venv wave
weakref webbrowser wsgiref.handlers xml.dom.minidom xml.etree.ElementTree xml.sax xmlrpc.client zipapp zipfile zlib zoneinfo""".split()
print("Content-Type: text/plain\n")
for name in NAMES:
    try:
        __import__(name)
    except ImportError as error:
        print(error)
print("\n".join(sys.modules))
