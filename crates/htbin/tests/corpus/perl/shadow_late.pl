#!/usr/bin/perl -w
# A directory that is put in front when the script already runs.
use strict;
my ($here) = __FILE__ =~ m{(.*)/};
print "Content-Type: text/plain\n\n";
unshift @INC, "$here/shadow";
require CGI;
print CGI->new->word, ' ', CGI->can('header') ? 'with' : 'without', " header\n";
