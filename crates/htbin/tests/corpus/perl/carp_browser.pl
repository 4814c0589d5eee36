#!/usr/bin/perl
#: GET ?die
#: GET ?warn
#: GET ?confess
use strict;
BEGIN { *CORE::GLOBAL::time = sub { 1_000_000_000 }; *CORE::GLOBAL::localtime = sub { scalar gmtime 1_000_000_000 } }
use CGI::Carp qw(fatalsToBrowser warningsToBrowser set_progname);
set_progname('progname');
print "Content-Type: text/html\n\n" if $ENV{QUERY_STRING} eq 'warn';
warn "careful\n" if $ENV{QUERY_STRING} eq 'warn';
warningsToBrowser(1) if $ENV{QUERY_STRING} eq 'warn';
print "done\n";
$SIG{__WARN__} = sub { };
die "over <now>\n" if $ENV{QUERY_STRING} eq 'die';
