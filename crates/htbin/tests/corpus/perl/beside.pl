#!/usr/bin/perl
use strict;
print "Content-Type: text/plain\n\n";
require './piece.pm';
print piece(1), " $INC{'./piece.pm'}\n";
my $value = do './value.pm';
print "$value->{a} $value->{file} $value->{caller}\n";
print defined do './none.pm' ? 'some' : "none: $!", "\n";
do './broken.pm';
print "broken: $@";
eval { require './broken.pm' };
print "again: $@";
eval { require './broken.pm' };
print "third: $@";
