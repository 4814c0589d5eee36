#!/usr/bin/python3
#: GET /hello/Ada?x=1
#: GET /missing
#: POST /form type=application/x-www-form-urlencoded data=name=%C3%85sa
from wsgiref.handlers import CGIHandler

try:
    from flask import Flask, request
except ImportError:
    raise SystemExit(print("skip: no Flask"))
application = Flask(__name__)


@application.route("/hello/<name>")
def hello(name):
    return "Hello, %s: %s\n" % (name, request.args.get("x"))


@application.route("/form", methods=["POST"])
def form():
    return "Form: " + request.form["name"]


CGIHandler().run(application)
