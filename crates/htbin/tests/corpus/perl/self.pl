#!/usr/bin/perl
use strict;
print "Content-Type: text/plain\n\n";
if (@ARGV && $ARGV[0] eq 'again') { print "again\n"; exit 3 }
$| = 1; system $^X, $0, 'again'; print $? >> 8, "\n";
system $0, 'again'; print $? >> 8, "\n";
open my $me, '<', $0 or die; print scalar <$me>; print -s $0 == -s __FILE__ ? "same\n" : "other\n"; printf "%d\n", -M $0 >= 0;
exec $^X, '-e', 'print "replaced @ARGV\n"', 'x';
