#!/usr/bin/perl
INIT { $! = 0; die "in init" }
END { print "end\n" }
print "never\n";
