#!/usr/bin/perl
#: GET /
#: POST / type=x/y times=100000 data=0123456789
print "Content-Type: text/plain\n\n";
binmode STDIN; my $n = 0; while (read STDIN, my $b, 65536) { $n += length $b; $sum = ($sum + unpack "%32C*", $b) & 0xffff }
print "$n $sum\n"; print "x" x 1023, "\n" for 1 .. 5120;
