#!/usr/bin/perl
$| = 1;
print "Content-Type: text/plain\n\n", "hello\n" x 100;
sleep 2;
print "hello\n" x 10 for 1 .. 10_000;
