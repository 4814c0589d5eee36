#!/usr/bin/perl
use strict;
print "Content-Type: text/plain\n\n";
# Unseeded numbers differ from run to run: the page says only that a forked process goes on as perl's does.
my @free = map { int rand 1e9 } 1 .. 3;
print scalar(grep { $_ == $free[0] } @free), "\n";
srand 42; print join(' ', map { int rand 1000 } 1 .. 5), "\n";
print srand(7), ' ', int(rand 1e6), "\n";
