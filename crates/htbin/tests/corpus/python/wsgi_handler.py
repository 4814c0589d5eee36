#!/usr/bin/python3
#: GET /some/path?x=1
#: POST /some/path type=text/plain data=body
from wsgiref.handlers import CGIHandler


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8")])
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    yield "{REQUEST_METHOD} {SCRIPT_NAME} {PATH_INFO} {QUERY_STRING}\n".format(**environ).encode()
    yield body


CGIHandler().run(application)
