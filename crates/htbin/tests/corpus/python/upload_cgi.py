#!/usr/bin/python3 -Wignore
#: POST / type=multipart/form-data;boundary=XyZ data=--XyZ\r\nContent-Disposition: form-data; name="title"\r\n\r\nGr\xc3\xbc\xc3\x9fe\r\n--XyZ\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\nContent-Type: application/octet-stream\r\n\r\n\x00\x01\xff\r\n\r\n--Xy\r\n--XyZ--\r\n
import hashlib

try:
    import cgi
except ImportError:
    raise SystemExit(print("skip: no cgi module"))
form = cgi.FieldStorage()
print("Content-Type: text/plain\n")
for name in sorted(form):
    item = form[name]
    data = item.file.read()
    data = data if isinstance(data, bytes) else data.encode()
    print(name, item.filename, item.type, len(data), hashlib.sha256(data).hexdigest())
