#!/usr/bin/perl -w
print "Content-Type: text/plain\n\n"; my $x; my $y = "a$x"; BEGIN { $^W = 0 } print "$^W\n"; $^W = 0;