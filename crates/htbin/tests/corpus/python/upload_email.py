#!/usr/bin/python3
#: POST / type=multipart/form-data;boundary=XyZ data=--XyZ\r\nContent-Disposition: form-data; name="t"\r\n\r\ntext\r\n--XyZ\r\nContent-Disposition: form-data; name="f"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\nline\r\n--XyZ--\r\n
import email.parser
import email.policy
import os
import sys

head = b"Content-Type: " + os.environb[b"CONTENT_TYPE"] + b"\r\n\r\n"
message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + sys.stdin.buffer.read())
print("Content-Type: text/plain\n")
for part in message.iter_parts():
    print(part.get_param("name", header="content-disposition"), part.get_filename(), repr(part.get_content()))
