#!/usr/bin/python3
#: GET ?q=1
import ctypes

getenv = ctypes.CDLL(None).getenv
getenv.restype = ctypes.c_char_p
print("Content-Type: text/plain\n")
print([getenv(name) for name in (b"QUERY_STRING", b"REQUEST_METHOD", b"PATH", b"HTBIN", b"NOT_THERE")])
