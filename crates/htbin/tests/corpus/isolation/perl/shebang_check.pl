#!/usr/bin/perl -w
print "Content-Type: text/plain\n\n"; my $x; my $y = "a$x"; print "$^W\n";