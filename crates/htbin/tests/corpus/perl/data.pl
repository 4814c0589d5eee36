#!/usr/bin/perl
#: GET /
use strict;
print "Content-Type: text/plain\n\n";
print 'at ', tell(DATA), ' of ', -s DATA, ' fd ', fileno(DATA), "\n";
my @lines = <DATA>;
print "$. @lines";
seek DATA, 0, 0;
print scalar <DATA>;
print 'now ', tell(DATA), "\n";
print <main::DATA>;
__END__
first of data
second of data Ã©
