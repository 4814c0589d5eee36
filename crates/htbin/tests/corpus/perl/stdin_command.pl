#!/usr/bin/perl
close STDIN;
open STDIN, '-|', 'echo first; sleep 0.2; echo late >&2; exit 3' or die;
print scalar <STDIN>;
END { print "status $?\n" }
