#!/usr/bin/perl
close STDOUT;
open STDOUT, '>', \my $text;
print "to memory";
print STDERR "[$text]\n";
close STDOUT;
open STDOUT, '>&', \*STDERR;
print "to stderr";
