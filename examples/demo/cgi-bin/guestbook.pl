#!/usr/bin/env perl
# A guestbook: visitors write into one file, some of them at the same moment, and no entry is lost.

use strict;
use warnings;
use Encode qw(decode encode);
use Fcntl qw(:flock SEEK_END);
use POSIX qw(strftime);

# A script runs in its own directory. Its data lies beside that, under a name with a dot, which htbin sends to nobody.
# Under another server, keep data outside of what is served.
my $FOLDER         = '../.data';
my $BOOK           = "$FOLDER/guestbook.txt";
my $BODY_BYTES_MAX = 16 * 1024;
my $BOOK_BYTES_MAX = 1024 * 1024;
my $SHOWN_MAX      = 50;

main();

sub main {
    if (($ENV{REQUEST_METHOD} // '') eq 'POST') {
        my %form = read_form();
        my $name = one_line($form{name} // '', 80);
        my $text = one_line($form{text} // '', 500);
        write_entry($name eq '' ? 'Somebody' : $name, $text) if $text ne '';

        # After a POST the browser is sent back to the page, or loading it again would sign the book again.
        my $host = $ENV{HTTP_HOST} // "$ENV{SERVER_NAME}:$ENV{SERVER_PORT}";
        my $scheme = ($ENV{HTTPS} // '') eq 'on' ? 'https' : 'http';
        print "Status: 303 See Other\nLocation: $scheme://$host$ENV{SCRIPT_NAME}\n\n";
        return;
    }
    my $entries = join '', map { entry($_) } reverse read_entries();
    binmode STDOUT, ':encoding(UTF-8)';
    print "Content-Type: text/html; charset=utf-8\nCache-Control: no-store\n\n";
    print page($entries);
}

# Adds one line: time, name and text, with tabs between.
sub write_entry {
    my ($name, $text) = @_;
    mkdir $FOLDER, 0700;
    open my $book, '>>', $BOOK or die "cannot open $BOOK: $!\n";

    # Two scripts may be here at once. flock lets one through and keeps the other waiting; the lock goes when the file
    # is closed, or when the script dies. Only under the lock is it known where the end of the file is.
    flock $book, LOCK_EX or die "cannot lock $BOOK: $!\n";
    seek $book, 0, SEEK_END;
    die "$BOOK is full\n" if tell($book) > $BOOK_BYTES_MAX;
    my $line = join "\t", strftime('%Y-%m-%d %H:%M', localtime), $name, $text;
    print {$book} encode('UTF-8', "$line\n") or die "cannot write $BOOK: $!\n";
    close $book or die "cannot write $BOOK: $!\n";
}

# The last lines of the book. A shared lock: many may read at once, but not while somebody writes.
sub read_entries {
    open my $book, '<', $BOOK or return;
    flock $book, LOCK_SH or die "cannot lock $BOOK: $!\n";
    my @lines = map { decode('UTF-8', $_) } <$book>;
    chomp @lines;
    return @lines > $SHOWN_MAX ? @lines[-$SHOWN_MAX .. -1] : @lines;
}

sub entry {
    my ($line) = @_;
    my ($time, $name, $text) = map { escape($_) } split /\t/, $line, 3;
    return "<li><p>$text</p><p class=\"quiet\">$name, <time>$time</time></p></li>\n";
}

# What would end a field or the line in the file becomes a space.
sub one_line {
    my ($text, $length_max) = @_;
    $text =~ s/[\x00-\x1f\x7f]+/ /g;
    $text =~ s/^ +| +$//g;
    return substr $text, 0, $length_max;
}

# See letter.pl, which explains these three.
sub read_form {
    my $length = $ENV{CONTENT_LENGTH} || 0;
    return if $length !~ /^\d+$/ || $length > $BODY_BYTES_MAX;
    binmode STDIN;
    my $body = '';
    while (length $body < $length) {
        read(STDIN, $body, $length - length $body, length $body) or last;
    }
    my %form;
    for my $field (split /&/, $body) {
        my ($name, $value) = map { unescape($_) } split(/=/, $field, 2);
        $form{$name} = $value // '' if defined $name;
    }
    return %form;
}

sub unescape {
    my ($text) = @_;
    $text =~ tr/+/ /;
    $text =~ s/%([0-9A-Fa-f]{2})/chr hex $1/ge;
    return decode('UTF-8', $text);
}

sub escape {
    my ($text) = @_;
    my %entity = ('&' => '&amp;', '<' => '&lt;', '>' => '&gt;', '"' => '&quot;', "'" => '&#39;');
    $text =~ s/([&<>"'])/$entity{$1}/g;
    return $text;
}

sub page {
    my ($entries) = @_;
    $entries = "<li>Nobody has written yet.</li>\n" if $entries eq '';
    return <<"HTML";
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Guestbook \x{b7} htbin demo</title>
<link rel="stylesheet" href="../style.css">
</head>
<body>
<header>
<h1>Guestbook</h1>
<p class="quiet">It is kept in a file, under a lock, for as long as the demo runs.</p>
</header>
<main>
<form method="post" action="guestbook.pl">
<label for="name">Your name</label>
<input id="name" name="name" maxlength="80" autocomplete="name">
<label for="text">A word or two</label>
<input id="text" name="text" maxlength="500" required>
<button>Sign the book</button>
</form>
<h2>Who was here</h2>
<ul class="plain">
$entries</ul>
</main>
<footer><a href="../">All demos</a> \x{b7} <a href="../source/guestbook.pl.txt">source of this page</a></footer>
</body>
</html>
HTML
}
