#!/usr/bin/perl
use strict; use warnings;
print "Content-Type: text/plain\n\n";
print join(',', sort { $a <=> $b } 10, 9, 2, 33), ' ', join(',', reverse sort qw(b a C)), "\n";
print unpack('H*', pack 'nNvVCaA5Z5w', 1, 2, 3, 4, 5, 'a', 'b', 'c', 300), "\n";
printf "%s|%5d|%-5s|%05.2f|%x|%e|%v d|%%|%c|%3\$s\n", 'a', 42, 'left', 3.14159, 255, 12345.678, '1.22.333', 65;
printf "%vd %s\n", "1.2.3", 1e100; print 0.1 + 0.2, ' ', 1/3, ' ', 1e15 * 10, ' ', 2**63, ' ', -7 % 3, ' ', 9**0.5, "\n";
my %h = (a => 1, b => 2, c => 3); print join(',', map { "$_$h{$_}" } sort keys %h), "\n";
my @sorted = map { $_->[1] } sort { $a->[0] <=> $b->[0] or $a->[1] cmp $b->[1] } map { [length, $_] } qw(ccc a bb aa); print "@sorted\n";
local $_ = 'x=1,y=2'; my %p = /(\w)=(\d)/g; print join(' ', map { "$_$p{$_}" } sort keys %p), "\n";
(my $t = 'Hello') =~ tr/a-zA-Z/n-za-mN-ZA-M/; print "$t $& \n" if 'abc' =~ /b/; print "$`|$'|@-|@+\n" if 'abc' =~ /b/;
print "\u\LHELLO wORLD\E \Qa.b\E\n", ucfirst lc 'ABC', "\n", 'abc' x 2, ' ', join('-', (1, 2) x 2), "\n";
print "named: $+{y}\n" if '2024-05' =~ /(?<y>\d+)-(?<m>\d+)/; print join('|', 'a1b22' =~ /\d+/g), ' ', 'aXbX' =~ s/X/-/gr, "\n";
