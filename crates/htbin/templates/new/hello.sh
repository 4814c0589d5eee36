#!/bin/sh
# A CGI script: a program that finds the request in its environment and on standard input, and prints the answer.
# The server runs this file itself, so it needs the execute bit (chmod +x) and the first line above.

# "%41+b" becomes "A b". Forms and queries come encoded like that.
decode() {
    printf '%s' "$1" | LC_ALL=C awk '
        BEGIN { for (i = 0; i < 256; i++) letter[sprintf("%02X", i)] = sprintf("%c", i) }
        {
            gsub(/\+/, " ")
            out = ""
            while (match($0, /%[0-9A-Fa-f][0-9A-Fa-f]/)) {
                out = out substr($0, 1, RSTART - 1) letter[toupper(substr($0, RSTART + 1, 2))]
                $0 = substr($0, RSTART + 3)
            }
            print out $0
        }'
}

# The value of the field $2 in $1, which looks like name=Ada&color=blue.
field() {
    encoded=$(printf '%s' "$1" | tr '&' '\n' | sed -n "s/^$2=//p" | head -n 1)
    decode "$encoded"
}

# Whatever a stranger typed is escaped before it goes into a page: otherwise <script> would run there.
escape() {
    printf '%s' "$1" | sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g; s/"/\&quot;/g'
}

# What stands behind the ? of the address is in QUERY_STRING.
name=$(field "${QUERY_STRING:-}" name)

# A form with method=post comes on standard input: exactly CONTENT_LENGTH octets.
message=
if [ "${REQUEST_METHOD:-GET}" = POST ]; then
    body=$(head -c "${CONTENT_LENGTH:-0}")
    message=$(field "$body" message)
fi

# Standard error goes to the log of the server (and to the page that says why a script failed), not to the visitor.
# echo "the name is $name" >&2

# First the head, line by line, then an empty line, then the body.
echo "Content-Type: text/html; charset=utf-8"
echo
cat <<END
<!doctype html>
<title>Hello</title>
<h1>Hello, $(escape "${name:-world}")!</h1>
<form>
  <label>Your name <input name="name" value="$(escape "$name")"></label> <button>Greet</button>
</form>
<form method="post">
  <label>A message <input name="message"></label> <button>Send</button>
</form>
END
if [ -n "$message" ]; then
    echo "<p>You wrote: $(escape "$message")</p>"
fi
