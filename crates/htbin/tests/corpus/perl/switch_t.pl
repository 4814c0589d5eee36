#!/usr/bin/perl -T
#: GET ?a=b
#: GET ?arg
use strict;
print "Content-Type: text/plain\n\n${^TAINT}\n";
eval { system "echo $ENV{QUERY_STRING}" }; print $@;
eval { open my $f, '>', "/tmp/$ENV{QUERY_STRING}" }; print $@;
$ENV{PATH} = '/bin:/usr/bin'; delete @ENV{qw(IFS CDPATH ENV BASH_ENV)};
eval { system "echo", $ENV{QUERY_STRING} }; print $@;
eval { system "echo $0" }; print $@;
eval { kill 0, $ARGV[0] }; print $@;
my ($clean) = $ENV{QUERY_STRING} =~ /^(\w+)/; $| = 1; system 'echo', $clean;
print join(' ', grep { $_ eq '.' } @INC), "\n";
eval { eval $ENV{QUERY_STRING}; die $@ if $@ }; print $@ =~ s/ at .*//sr, "\n";
