#!/usr/bin/perl
#: GET ?normal
#: GET ?die
#: GET ?exit
#: GET ?_exit
use strict; use POSIX ();
print "Content-Type: text/plain\n\nno newline at the end";
open our $copy, '>&', \*STDOUT or die; print $copy "copy";
open my $lexical, '>&', \*STDERR or die; print $lexical "lexical\n";
die "d\n" if $ENV{QUERY_STRING} eq 'die'; exit 1 if $ENV{QUERY_STRING} eq 'exit'; POSIX::_exit(2) if $ENV{QUERY_STRING} eq '_exit';
