#!/usr/bin/perl
#: GET ?exec
#: GET ?missing
$| = 1;
print "Content-Type: text/plain\n\n";
exec '/nonexistent/program' if $ENV{QUERY_STRING} eq 'missing';
print "error $!\n" if $ENV{QUERY_STRING} eq 'missing';
exec 'echo "by sh: $0 $QUERY_STRING"; exit 6' if $ENV{QUERY_STRING} eq 'exec';
