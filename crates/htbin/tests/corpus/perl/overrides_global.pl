#!/usr/bin/perl
# What replaces perl's own functions holds in modules too.
BEGIN {
    *CORE::GLOBAL::time = sub { 86_400 };
    *CORE::GLOBAL::die  = sub { CORE::die("replaced: @_") };
    *CORE::GLOBAL::warn = sub { print "warned: @_" };
}
use strict;
use CGI;
use Carp;
print CGI->new->header(-expires => '+1h');
print CGI::Util::expires('+1d'), "\n";
eval { croak('from a module') };
print $@;
carp('from a module');
