#!/usr/bin/perl -l
print "Content-Type: text/plain\n";
print "with end";
warn "w";
