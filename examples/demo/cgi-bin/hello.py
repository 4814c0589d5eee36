#!/usr/bin/env python3
"""A form that asks with GET: what was typed stands in the address, where it can be seen, kept and shared."""

import os
import sys
from html import escape
from urllib.parse import parse_qs

PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>A form with GET · htbin demo</title>
<link rel="stylesheet" href="../style.css">
</head>
<body>
<header>
<h1>{greeting}</h1>
<p class="quiet">Your name goes to the script as a part of the address. Try <code>&lt;b&gt;Ada&lt;/b&gt;</code> too.</p>
</header>
<main>
<form method="get" action="hello.py">
<label for="name">Your name</label>
<input id="name" name="name" value="{name}" maxlength="80" autocomplete="given-name">
<button>Say hello</button>
</form>
</main>
<footer><a href="../">All demos</a> · <a href="../source/hello.py.txt">source of this page</a></footer>
</body>
</html>
"""


def main():
    # The form arrives as "name=Ada+Lovelace&more=..." in QUERY_STRING. parse_qs takes it apart and decodes it; a name
    # may come more than once, so each has a list. The limit keeps a bad request from costing much.
    query = os.environ.get("QUERY_STRING", "")
    try:
        form = parse_qs(query, max_num_fields=16)
    except ValueError:
        form = {}
    name = form.get("name", [""])[0].strip()[:80]

    # escape() is what makes "<b>" a text and not a command: whatever came from outside goes through it.
    greeting = "Hello, {}.".format(escape(name)) if name else "Hello. Who are you?"

    # First the head, then an empty line, then the page. We say which encoding, so we have to write in it.
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    print("Content-Type: text/html; charset=utf-8")
    print()
    print(PAGE.format(greeting=greeting, name=escape(name)), end="")


if __name__ == "__main__":
    main()
