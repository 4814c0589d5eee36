#!/usr/bin/perl
print "Content-Type: text/plain\n\n";
print "hello\n" for 1 .. 100_000;
