#!/usr/bin/perl -wT
print "Content-Type: text/plain\n\n${^TAINT} $^W\n"; my $x; my $y = "$x";
use CGI; print CGI->new->param("x") // "none", "\n";
