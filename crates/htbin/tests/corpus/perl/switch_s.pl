#!/usr/bin/perl -s
#: GET ?-abc+x
print "Content-Type: text/plain\n\nabc=$abc @ARGV\n";
