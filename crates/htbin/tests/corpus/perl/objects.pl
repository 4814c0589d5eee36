#!/usr/bin/perl
#: GET ?normal
#: GET ?exit
#: GET ?cycle
use strict;
package Noisy; my $count = 0; sub new { my ($c, $n) = @_; bless {n => $n}, $c } sub DESTROY { my $s = shift; print "destroy $s->{n} ${^GLOBAL_PHASE}\n" }
package Loads; our $AUTOLOAD; sub new { bless {}, shift } sub AUTOLOAD { my $n = $AUTOLOAD; print "autoload $n\n"; } 
package Child; our @ISA = 'Noisy'; sub DESTROY { my $s = shift; print "child first\n"; $s->SUPER::DESTROY }
package Dying; sub DESTROY { die "in destroy" }
package main;
print "Content-Type: text/plain\n\n";
{ my $inner = Noisy->new('inner'); }
our $global = Noisy->new('global'); my $file = Child->new('file'); my $loads = Loads->new; $loads->anything; our $dying = bless [], 'Dying';
if ($ENV{QUERY_STRING} eq 'cycle') { my $a1 = Noisy->new('cycle'); $a1->{self} = $a1 }
open our $handle, '>', '/dev/null'; print $handle 'x';
sub in_sub { my $x = Noisy->new('in sub'); exit 2 if $_[0]; } in_sub($ENV{QUERY_STRING} eq 'exit');
END { print "end\n" } print "last\n";
