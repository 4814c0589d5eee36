#!/usr/bin/perl -w
# A local module of the same name as one that every installation has.
use strict;
use FindBin;
use lib "$FindBin::Bin/shadow";
use CGI;
use Carp;
use Text::Wrap;
print "Content-Type: text/plain\n\n";
print CGI->new->word, " ", defined &CGI::header ? 'with' : 'without', " header\n";
print Text::Wrap::wrap('', '', 'a b'), "\n";
print $INC{'CGI.pm'} =~ m{/shadow/CGI\.pm\z} ? "shadowed\n" : "not shadowed\n";
