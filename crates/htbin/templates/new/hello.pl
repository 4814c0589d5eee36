#!/usr/bin/env perl
# A CGI script: a program that finds the request in its environment and on standard input, and prints the answer.
# The server runs this file itself, so it needs the execute bit (chmod +x) and the first line above.

use strict;
use warnings;

# "%41+b" becomes "A b". Forms and queries come encoded like that.
sub decode {
    my $text = shift // '';
    $text =~ tr/+/ /;
    $text =~ s/%([0-9A-Fa-f]{2})/chr hex $1/ge;
    return $text;
}

# "name=Ada&color=blue" becomes (name => "Ada", color => "blue").
sub fields {
    my %fields;
    for my $pair (split /&/, shift // '') {
        my ($name, $value) = split /=/, $pair, 2;
        $fields{decode($name)} //= decode($value);
    }
    return %fields;
}

# Whatever a stranger typed is escaped before it goes into a page: otherwise <script> would run there.
sub escape {
    my %marks = ('&' => '&amp;', '<' => '&lt;', '>' => '&gt;', '"' => '&quot;');
    return shift =~ s/([&<>"])/$marks{$1}/gr;
}

# What stands behind the ? of the address is in QUERY_STRING.
my %query = fields($ENV{QUERY_STRING});
my $name = $query{name} // '';

# A form with method=post comes on standard input: exactly CONTENT_LENGTH octets.
my $message = '';
if (($ENV{REQUEST_METHOD} // '') eq 'POST') {
    binmode STDIN;
    read STDIN, my $body, $ENV{CONTENT_LENGTH} || 0;
    my %form = fields($body);
    $message = $form{message} // '';
}

# Standard error goes to the log of the server (and to the page that says why a script failed), not to the visitor.
# warn "the name is $name";

# First the head, line by line, then an empty line, then the body.
print "Content-Type: text/html; charset=utf-8\n\n";
my ($greeted, $value) = (escape($name ne '' ? $name : 'world'), escape($name));
print <<"END";
<!doctype html>
<title>Hello</title>
<h1>Hello, $greeted!</h1>
<form>
  <label>Your name <input name="name" value="$value"></label> <button>Greet</button>
</form>
<form method="post">
  <label>A message <input name="message"></label> <button>Send</button>
</form>
END
print '<p>You wrote: ', escape($message), "</p>\n" if $message ne '';
