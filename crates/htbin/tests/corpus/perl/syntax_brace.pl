#!/usr/bin/perl
END { print "end runs\n" }
if (1) {
print "x";
