#!/usr/bin/perl
use strict;
$| = 1;
print "Content-Type: text/plain\n\n";
open my $saved, '>&', \*STDOUT or die;
open STDOUT, '>', '/dev/null' or die;
print "hidden\n"; system 'echo also hidden';
open STDOUT, '>&', $saved or die;
print "shown ", fileno(STDOUT), ' ', fileno($saved), "\n";
open STDERR, '>&STDOUT' or die; warn "in the page\n";
my $memory = ''; { local *STDOUT; open STDOUT, '>', \$memory; print "to memory" } print "$memory\n";
open my $null, '<', '/dev/null'; print fileno($null), "\n";
my $old = select STDERR; print "selected\n"; select $old; print "back $old\n";
{ local $| = 0; local $\ = "!\n"; local $, = '-'; print 1, 2; } print "$|\n";
