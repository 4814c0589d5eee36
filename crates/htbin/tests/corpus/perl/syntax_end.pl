#!/usr/bin/perl
print "x
