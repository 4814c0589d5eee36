#!/usr/bin/env tclsh
# A CGI script: a program that finds the request in its environment and on standard input, and prints the answer.
# The server runs this file itself, so it needs the execute bit (chmod +x) and the first line above.

# "%41+b" becomes "A b". Forms and queries come encoded like that, in UTF-8.
proc decode {text} {
    set text [string map {+ " "} $text]
    set octets ""
    while {[regexp -indices {%[0-9A-Fa-f]{2}} $text at]} {
        lassign $at first last
        append octets [string range $text 0 $first-1] [format %c 0x[string range $text $first+1 $last]]
        set text [string range $text $last+1 end]
    }
    return [encoding convertfrom utf-8 $octets$text]
}

# The value of a field in "name=Ada&color=blue".
proc field {encoded name} {
    foreach pair [split $encoded &] {
        if {[string first "$name=" $pair] == 0} {
            return [decode [string range $pair [string length "$name="] end]]
        }
    }
    return ""
}

# Whatever a stranger typed is escaped before it goes into a page: otherwise <script> would run there.
proc escape {text} {
    return [string map {& &amp; < &lt; > &gt; \" &quot;} $text]
}

# A variable of the request; empty if it is not set.
proc variable_of {name} {
    return [expr {[info exists ::env($name)] ? $::env($name) : ""}]
}

# What stands behind the ? of the address is in QUERY_STRING.
set name [field [variable_of QUERY_STRING] name]

# A form with method=post comes on standard input: exactly CONTENT_LENGTH octets.
set message ""
set length [variable_of CONTENT_LENGTH]
if {[variable_of REQUEST_METHOD] eq "POST" && [string is digit -strict $length]} {
    fconfigure stdin -translation binary
    set message [field [read stdin $length] message]
}

# Standard error goes to the log of the server (and to the page that says why a script failed), not to the visitor.
# puts stderr "the name is $name"

# First the head, line by line, then an empty line, then the body.
fconfigure stdout -encoding utf-8
puts "Content-Type: text/html; charset=utf-8"
puts ""
puts "<!doctype html>
<title>Hello</title>
<h1>Hello, [escape [expr {$name eq "" ? "world" : $name}]]!</h1>
<form>
  <label>Your name <input name=\"name\" value=\"[escape $name]\"></label> <button>Greet</button>
</form>
<form method=\"post\">
  <label>A message <input name=\"message\"></label> <button>Send</button>
</form>"
if {$message ne ""} {
    puts "<p>You wrote: [escape $message]</p>"
}
