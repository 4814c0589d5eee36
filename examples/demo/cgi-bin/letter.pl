#!/usr/bin/env perl
# A form that sends with POST: what was typed comes as the body of the request, on standard input.

use strict;
use warnings;
use Encode qw(decode);

# Nobody writes a longer letter here, and nobody can make us read one.
my $BODY_BYTES_MAX = 64 * 1024;

main();

sub main {
    my %form = read_form();
    my $name = escape($form{name} // '');
    my $text = escape($form{text} // '');

    # An answer is written even where the form is empty: a GET is how a visitor first comes here.
    my $answer = '';
    if ($text ne '') {
        my $words = () = $text =~ /\S+/g;
        my $from  = $name eq '' ? 'Somebody' : $name;
        $answer = "<h2>$from wrote</h2>\n<blockquote>$text</blockquote>\n<p class=\"quiet\">Words: $words</p>\n";
    }

    # First the head, an empty line, then the page.
    binmode STDOUT, ':encoding(UTF-8)';
    print "Content-Type: text/html; charset=utf-8\n\n";
    print page($answer);
}

# The fields of the form, as text.
sub read_form {
    # CONTENT_LENGTH says how much there is to read, and only that much may be read (RFC 3875, section 4.2).
    my $length = $ENV{CONTENT_LENGTH} || 0;
    return if ($ENV{REQUEST_METHOD} // '') ne 'POST' || $length !~ /^\d+$/ || $length > $BODY_BYTES_MAX;
    binmode STDIN;
    my $body = '';
    while (length $body < $length) {
        read(STDIN, $body, $length - length $body, length $body) or last;
    }

    # "name=Ada+L%C3%B6we&text=..." : fields at "&", name and value at the first "=".
    my %form;
    for my $field (split /&/, $body) {
        my ($name, $value) = map { unescape($_) } split(/=/, $field, 2);
        $form{$name} = $value // '' if defined $name;
    }
    return %form;
}

# "+" is a space and "%41" an "A". What comes out are bytes; decode() makes characters of them.
sub unescape {
    my ($text) = @_;
    $text =~ tr/+/ /;
    $text =~ s/%([0-9A-Fa-f]{2})/chr hex $1/ge;
    return decode('UTF-8', $text);
}

# Whatever came from outside goes through this before it becomes HTML.
sub escape {
    my ($text) = @_;
    my %entity = ('&' => '&amp;', '<' => '&lt;', '>' => '&gt;', '"' => '&quot;', "'" => '&#39;');
    $text =~ s/([&<>"'])/$entity{$1}/g;
    return $text;
}

sub page {
    my ($answer) = @_;
    return <<"HTML";
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>A form with POST \x{b7} htbin demo</title>
<link rel="stylesheet" href="../style.css">
</head>
<body>
<header>
<h1>Write a letter</h1>
<p class="quiet">It goes to the script as the body of the request and is kept nowhere.</p>
</header>
<main>
$answer<form method="post" action="letter.pl">
<label for="name">From</label>
<input id="name" name="name" maxlength="80" autocomplete="name">
<label for="text">Letter</label>
<textarea id="text" name="text" rows="5" maxlength="4000" required></textarea>
<button>Send it</button>
</form>
</main>
<footer><a href="../">All demos</a> \x{b7} <a href="../source/letter.pl.txt">source of this page</a></footer>
</body>
</html>
HTML
}
