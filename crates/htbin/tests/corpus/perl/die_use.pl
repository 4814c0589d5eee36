#!/usr/bin/perl
use strict;
use No::Such::Module qw(x);
print "never\n";
