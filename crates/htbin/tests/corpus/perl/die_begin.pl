#!/usr/bin/perl
print "Content-Type: text/plain\n\n";
BEGIN { $! = 2; die "in begin\n" }
print "never\n";
