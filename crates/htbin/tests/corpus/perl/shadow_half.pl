#!/usr/bin/perl
# What was loaded before a directory is put in front stays; the rest comes from there.
use strict;
use Carp;
BEGIN { print "Content-Type: text/plain\n\n"; my ($here) = __FILE__ =~ m{(.*)/}; unshift @INC, "$here/shadow_more" }
use CGI;
eval { croak('which') };
print $@, ref(CGI->new), "\n";
