#!/usr/bin/perl
use strict;
BEGIN { my ($here) = __FILE__ =~ m{(.*)/}; unshift @INC, "$here/shadow"; }
use CGI;
print "Content-Type: text/plain\n\n", CGI->new->word, " ", scalar(@INC), "\n";
