#!/usr/bin/perl
open STDERR, '>&STDOUT';
print STDERR "one";
print "two";
print STDERR "three";
warn "four";
