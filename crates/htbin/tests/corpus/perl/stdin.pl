#!/usr/bin/perl
#: POST / type=text/plain data=line one\nline two\nrest\x00of\xff it
use strict;
print "Content-Type: text/plain\n\n";
print tell(STDIN), ' ', fileno(STDIN), ' ', join(',', PerlIO::get_layers(STDIN)), ' ', eof(STDIN) ? 'end' : 'more', "\n";
my $line = <STDIN>;
print "$. $line", tell(STDIN), "\n";
read STDIN, my $piece, 4; print "$piece\n";
my $rest = do { local $/; <STDIN> };
print length($rest), ' ', unpack('H*', $rest), "\n";
die "at end";
