#!/usr/bin/env -S LC_ALL=C awk -f
# A CGI script: a program that finds the request in its environment and on standard input, and prints the answer.
# The server runs this file itself, so it needs the execute bit (chmod +x) and the first line above.

# "%41+b" becomes "A b". Forms and queries come encoded like that.
function decode(text,    out) {
    gsub(/\+/, " ", text)
    while (match(text, /%[0-9A-Fa-f][0-9A-Fa-f]/)) {
        out = out substr(text, 1, RSTART - 1) letter[toupper(substr(text, RSTART + 1, 2))]
        text = substr(text, RSTART + 3)
    }
    return out text
}

# The value of a field in "name=Ada&color=blue".
function field(encoded, name,    pairs, count, i) {
    count = split(encoded, pairs, "&")
    for (i = 1; i <= count; i++)
        if (index(pairs[i], name "=") == 1)
            return decode(substr(pairs[i], length(name) + 2))
    return ""
}

# Whatever a stranger typed is escaped before it goes into a page: otherwise <script> would run there.
function escape(text) {
    gsub(/&/, "\\&amp;", text)
    gsub(/</, "\\&lt;", text)
    gsub(/>/, "\\&gt;", text)
    gsub(/"/, "\\&quot;", text)
    return text
}

BEGIN {
    # awk has no word for the octet with a number, but can count through them. LC_ALL=C above says that an octet is a
    # letter: in UTF-8 some letters are several, and awk would count those.
    for (i = 1; i < 256; i++)
        letter[sprintf("%02X", i)] = sprintf("%c", i)

    # What stands behind the ? of the address is in QUERY_STRING.
    name = field(ENVIRON["QUERY_STRING"], "name")

    # A form with method=post comes on standard input: exactly CONTENT_LENGTH octets. The + 0 makes it a number, so that
    # nothing else can reach the shell which runs head.
    message = ""
    if (ENVIRON["REQUEST_METHOD"] == "POST") {
        "head -c " (ENVIRON["CONTENT_LENGTH"] + 0) | getline body
        message = field(body, "message")
    }

    # Standard error goes to the log of the server (and to the page that says why a script failed).
    # print "the name is " name | "cat >&2"

    # First the head, line by line, then an empty line, then the body.
    print "Content-Type: text/html; charset=utf-8"
    print ""
    print "<!doctype html>"
    print "<title>Hello</title>"
    print "<h1>Hello, " escape(name == "" ? "world" : name) "!</h1>"
    print "<form>"
    print "  <label>Your name <input name=\"name\" value=\"" escape(name) "\"></label> <button>Greet</button>"
    print "</form>"
    print "<form method=\"post\">"
    print "  <label>A message <input name=\"message\"></label> <button>Send</button>"
    print "</form>"
    if (message != "")
        print "<p>You wrote: " escape(message) "</p>"
}
