#!/usr/bin/env python3
# A CGI script: a program that finds the request in its environment and on standard input, and prints the answer.
# The server runs this file itself, so it needs the execute bit (chmod +x) and the first line above.

import html
import os
import sys
from urllib.parse import parse_qs

# What stands behind the ? of the address is in QUERY_STRING: name=Ada&color=blue.
query = parse_qs(os.environ.get("QUERY_STRING", ""))
name = query.get("name", [""])[0]

# A form with method=post comes on standard input: exactly CONTENT_LENGTH octets, in the same form as a query.
message = ""
if os.environ.get("REQUEST_METHOD") == "POST":
    body = sys.stdin.buffer.read(int(os.environ.get("CONTENT_LENGTH") or 0))
    message = parse_qs(body.decode("utf-8", "replace")).get("message", [""])[0]

# Standard error goes to the log of the server (and to the page that says why a script failed), not to the visitor.
# print("the name is", name, file=sys.stderr)

# Answer in UTF-8, whatever language the server was started in.
sys.stdout.reconfigure(encoding="utf-8", errors="replace")

# First the head, line by line, then an empty line, then the body.
print("Content-Type: text/html; charset=utf-8")
print()

# Whatever a stranger typed goes through html.escape: otherwise <script> would run in the page.
print(f"""<!doctype html>
<title>Hello</title>
<h1>Hello, {html.escape(name or "world")}!</h1>
<form>
  <label>Your name <input name="name" value="{html.escape(name)}"></label> <button>Greet</button>
</form>
<form method="post">
  <label>A message <input name="message"></label> <button>Send</button>
</form>""")
if message:
    print(f"<p>You wrote: {html.escape(message)}</p>")
