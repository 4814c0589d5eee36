#!/usr/bin/perl
#: GET ?0
#: GET ?exit
#: GET ?die
#: GET ?status
#: GET ?end
use strict;
print "Content-Type: text/plain\n\n";
BEGIN { print "begin ${^GLOBAL_PHASE}\n" }
INIT { print "init ${^GLOBAL_PHASE}\n" }
CHECK { print "check ${^GLOBAL_PHASE}\n" }
UNITCHECK { print "unitcheck ${^GLOBAL_PHASE}\n" }
END { print "end 1, $?\n"; $? = 7 if $ENV{QUERY_STRING} eq 'status'; }
END { print "end 2, $?\n"; die "in end\n" if $ENV{QUERY_STRING} eq 'end'; }
our $object = bless [], 'Destroyed';
my $lexical = bless ['lexical'], 'Destroyed';
sub Destroyed::DESTROY { print "destroyed @{$_[0]} in ${^GLOBAL_PHASE}, $?\n" }
exit 3 if $ENV{QUERY_STRING} eq 'exit';
die "died\n" if $ENV{QUERY_STRING} eq 'die';
print "main\n";
