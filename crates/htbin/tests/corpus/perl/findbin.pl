#!/usr/bin/perl
use strict;
use FindBin qw($Bin $Script);
use lib "$FindBin::Bin/local";
use Beside;
print "Content-Type: text/plain\n\n";
print +(split m{/}, $Bin)[-1], " $Script ", Beside::word(), "\n";
print join(' ', map { m{/local\z} ? 'local' : m{^/} ? 'own' : $_ } @INC), "\n";
print $INC{'Beside.pm'} =~ m{/local/Beside\.pm\z} ? "found\n" : "elsewhere\n";
