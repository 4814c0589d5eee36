#!/bin/sh
# What a script is told: the meta-variables of CGI (RFC 3875, section 4.1), which it finds in its environment.

# Whatever came from outside is escaped before it becomes HTML. "&" goes first, or it would be escaped twice.
escape() {
    sed -e 's/&/\&amp;/g' -e 's/</\&lt;/g' -e 's/>/\&gt;/g' -e 's/"/\&quot;/g'
}

# Only names we know are shown. A page that prints its whole environment gives away what somebody puts there one day,
# and a visitor's cookies and passwords are nobody's business, not even on a screenshot.
known='^(AUTH_TYPE|CONTENT_|DOCUMENT_ROOT|GATEWAY_INTERFACE|HTTPS=|HTTP_|PATH_|QUERY_STRING|REMOTE_|REQUEST_|SCRIPT_|SERVER_)'
secret='^HTTP_(COOKIE|AUTHORIZATION|PROXY_AUTHORIZATION)='

printf 'Content-Type: text/html; charset=utf-8\n\n'
cat <<'HTML'
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>The environment · htbin demo</title>
HTML

# The way back to the site's root is not "../" here: this page also answers below its own name (environment.sh/more),
# and the browser counts from there. SCRIPT_NAME is the path of the script itself.
root=$(printf '%s' "${SCRIPT_NAME%/*/*}/" | escape)
script=$(printf '%s' "$SCRIPT_NAME" | escape)

cat <<HTML
<link rel="stylesheet" href="${root}style.css">
</head>
<body>
<header>
<h1>The environment</h1>
<p class="quiet">What the server tells a script about your request. Ask with
<a href="$script?colour=green&amp;word=hello">a query</a>, with <a href="$script/some/more/path">a path behind the
name</a>, or with <a href="$script">neither</a>, and see what changes.</p>
</header>
<main>
<table>
HTML

# One line for each variable: NAME=value becomes a row. The first "=" ends the name.
env | LC_ALL=C sort | grep -E "$known" | grep -Ev "$secret" | escape |
    sed -e 's|^\([A-Za-z0-9_]*\)=\(.*\)$|<tr><th scope="row"><code>\1</code></th><td><code>\2</code></td></tr>|'

cat <<HTML
</table>
</main>
<footer><a href="${root}">All demos</a> · <a href="${root}source/environment.sh.txt">source of this page</a></footer>
</body>
</html>
HTML
