#!/usr/bin/perl -w
use strict;
use Carp;
$SIG{__DIE__} = sub { print "hook: $_[0]" };
$SIG{__WARN__} = sub { print "warned: $_[0]" };
print "Content-Type: text/plain\n\n";
warn "one";
carp "two";
sub inner { Carp::cluck("three"); croak "four" }
eval { inner(1, 'a') };
print "at: $@";
my $u; my $s = "x$u";
$! = 5;
Carp::confess("last");
