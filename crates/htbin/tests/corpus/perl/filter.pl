#!/usr/bin/perl
use strict;
use FindBin;
use lib "$FindBin::Bin/local";
use Shout;
print "Content-Type: text/plain\n\n";
print "hello from SHOUTED at ", __LINE__, "\n";
no Shout;
print "and hello\n"; warn "line";
__DATA__
not hello
