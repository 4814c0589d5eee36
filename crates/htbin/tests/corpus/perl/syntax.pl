#!/usr/bin/perl
use strict;
print "Content-Type: text/plain\n\n";
my $x = (1;
$y = 2;
print "never";
