#!/usr/bin/perl
#: GET ?as as=200000000
#: GET ?fsize fsize=1000
#: GET ?cpu cpu=1
use strict; $| = 1;
print "Content-Type: text/plain\n\n"; open my $l, "<", "/proc/self/limits"; print grep { /cpu|address|file size|processes/ } <$l>;
if ($ENV{QUERY_STRING} eq "fsize") { open my $f, "+>", undef or die; print $f "x" x 4000; close $f or print "no: $!\n"; }
if ($ENV{QUERY_STRING} eq "as") { my $x = "x" x 400_000_000; print length $x; }
if ($ENV{QUERY_STRING} eq "cpu") { 1 while 1 }
