#!/usr/bin/python3
from wsgiref.handlers import CGIHandler


def application(environ, start_response):
    raise ValueError("in the application")


CGIHandler().run(application)
