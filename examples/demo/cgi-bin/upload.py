#!/usr/bin/env python3
"""A file upload, read piece by piece: however large the file is, the script stays small.

Python had a module for this, cgi, until 3.13. This is how it is done without: the form comes as multipart/form-data
(RFC 7578), parts with a line between them that the browser makes up, the boundary.
"""

import hashlib
import os
import re
import sys
from html import escape

BODY_BYTES_MAX = 64 * 1024 * 1024 + 64 * 1024
HEAD_BYTES_MAX = 16 * 1024
PIECE_BYTES = 64 * 1024

PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>File upload · htbin demo</title>
<link rel="stylesheet" href="../style.css">
</head>
<body>
<header>
<h1>Upload a file</h1>
<p class="quiet">Up to 64 MB. The script counts and hashes it, tells you, and keeps nothing.</p>
</header>
<main>
{answer}<form method="post" action="upload.py" enctype="multipart/form-data">
<label for="file">File</label>
<input id="file" name="file" type="file" required>
<button>Upload it</button>
</form>
</main>
<footer><a href="../">All demos</a> · <a href="../source/upload.py.txt">source of this page</a></footer>
</body>
</html>
"""

TABLE = """\
<table>
<tr><th scope="row">Name</th><td>{name}</td></tr>
<tr><th scope="row">Size</th><td>{size:,} bytes</td></tr>
<tr><th scope="row">SHA-256</th><td><code>{digest}</code></td></tr>
</table>
"""


def main():
    status, answer = "200 OK", ""
    if os.environ.get("REQUEST_METHOD") == "POST":
        try:
            answer = "".join(TABLE.format(**file) for file in uploaded_files())
        except TooLarge as error:
            status, answer = "413 Content Too Large", sorry(error)
        except ValueError as error:
            status, answer = "400 Bad Request", sorry(error)
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    print("Status: " + status)
    print("Content-Type: text/html; charset=utf-8")
    print()
    print(PAGE.format(answer=answer), end="")


def uploaded_files():
    """Yields the name (escaped), size and digest of each file in the request."""
    kind = re.match(r'multipart/form-data\s*;.*?boundary="?([^";,]{1,70})"?', os.environ.get("CONTENT_TYPE", ""), re.I)
    if not kind:
        raise ValueError("this is not what a form with a file sends")
    length = int(os.environ.get("CONTENT_LENGTH") or 0)
    if length > BODY_BYTES_MAX:
        raise TooLarge("the file is larger than 64 MB")
    boundary = b"--" + kind.group(1).encode("latin-1")

    # sys.stdin is text; a file is bytes, and those come from the buffer below it.
    body = Body(sys.stdin.buffer, length)
    for _ in body.until(b"\r\n" + boundary):
        pass  # Before the first part there may be a greeting to old mail programs.
    # After a boundary stands the end of the line, and after the last one "--".
    while body.take(2) == b"\r\n":
        name = file_name(body.head())
        size, digest = 0, hashlib.sha256()
        for piece in body.until(b"\r\n" + boundary):
            size += len(piece)
            digest.update(piece)
        if name:
            yield {"name": escape(name), "size": size, "digest": digest.hexdigest()}


def file_name(head):
    """The name from a part's head, if the part is a file. It is the visitor's word: show it, never open it."""
    found = re.search(r'^content-disposition:.*?;\s*filename="([^"\r\n]*)"', head, re.I | re.M)
    return found and found.group(1)


class Body:
    """The body of the request, of which no more is held than one piece."""

    def __init__(self, stream, length):
        self.stream = stream
        self.left = length
        self.held = b"\r\n"  # So that the first boundary, too, follows the end of a line.

    def until(self, mark):
        """Yields what comes before the mark, piece by piece, and takes the mark away."""
        while mark not in self.held:
            # The mark may be cut by the end of the piece: so much is kept for the next look.
            sure = max(0, len(self.held) - len(mark) + 1)
            yield self.held[:sure]
            self.held = self.held[sure:]
            self.more()
        before, _, self.held = self.held.partition(mark)
        yield before

    def take(self, count):
        """The next few bytes."""
        while len(self.held) < count:
            self.more()
        taken, self.held = self.held[:count], self.held[count:]
        return taken

    def head(self):
        """The head of a part, up to its empty line."""
        head = b""
        for piece in self.until(b"\r\n\r\n"):
            head += piece
            if len(head) > HEAD_BYTES_MAX:
                raise ValueError("the head of a part is too large")
        return head.decode("utf-8", "replace")

    def more(self):
        piece = self.stream.read(min(PIECE_BYTES, self.left))
        if not piece:
            raise ValueError("the upload broke off")
        self.left -= len(piece)
        self.held += piece


class TooLarge(ValueError):
    """More than we take."""


def sorry(error):
    return '<p class="warn" role="alert">Sorry: {}.</p>\n'.format(escape(str(error)))


if __name__ == "__main__":
    main()
