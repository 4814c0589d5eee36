#!/usr/bin/perl
print STDERR "before\n"; open STDOUT, ">", "/dev/full" or die; print "lost"; END { print STDERR "end $?\n" }
