#!/usr/bin/perl
use strict;
BEGIN { my ($here) = __FILE__ =~ m{(.*)/}; @INC = (sub { return }, "$here/shadow", @INC); }
use CGI;
print "Content-Type: text/plain\n\n", CGI->new->word, " ", scalar(@INC), "\n";
