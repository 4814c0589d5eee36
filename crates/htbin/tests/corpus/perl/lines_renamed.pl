#!/usr/bin/perl
# line 100 "other.pl"
warn 'a';
print __FILE__, ' ', __LINE__, "\n";
eval qq{# line 5 "text"\ndie};
print $@;
die 'x';
