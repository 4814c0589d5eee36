#!/usr/bin/python3
import logging
from wsgiref.handlers import CGIHandler

try:
    from flask import Flask
except ImportError:
    raise SystemExit(print("skip: no Flask"))
application = Flask(__name__)
logging.basicConfig(format="%(levelname)s %(message)s")


@application.route("/")
def broken():
    raise ValueError("in the view")


CGIHandler().run(application)
