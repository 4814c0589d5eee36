#!/usr/bin/perl -w
use strict;
$undeclared = 1;
@other = (2);
print "never $undeclared\n";
sub f { $third }
