#!/usr/bin/perl
# ... and that holds what other modules need.
use warnings;
my ($here) = __FILE__ =~ m{(.*)/};
$| = 1;
print "Content-Type: text/plain\n\n";
require lib;
lib->import("$here/shadow_more");
require Carp;
Carp::carp('x');
require CGI;
print CGI->new('a=b')->param('a'), "\n";
eval { CGI->new->save(undef) };
print $@;
print exists &Carp::confess ? 'mixed' : 'local', "\n";
print "$_=$INC{$_}\n" for grep { s{.*/perl/shadow}{shadow}; 1 } sort keys %INC;
