#!/usr/bin/perl
# %INC has what was asked for, step by step.
sub show { print map({ "$_=$INC{$_}\n" } sort keys %INC), "\n" }
BEGIN { show() }
use strict;
BEGIN { show() }
use Carp;
BEGIN { show() }
use File::Basename;
BEGIN { show() }
use POSIX ();
BEGIN { show() }
use CGI;
show();
require Encode;
show();
delete $INC{'Carp.pm'};
show();
require Carp;
show();
print eval { require Not::There; 1 } ? 'there' : $@;
print exists $INC{'Not/There.pm'} ? 'known' : 'unknown', "\n";
