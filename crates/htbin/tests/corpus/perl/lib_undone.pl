#!/usr/bin/perl
use lib '/nowhere', '/tmp';
no lib '/nowhere';
BEGIN { print "$_\n" for @INC }
print "@lib::ORIG_INC\n";
BEGIN { @INC = @lib::ORIG_INC }
print "@INC\n";
