#!/usr/bin/perl
use strict;
use warnings;
use CGI;
sub CGI::header { "mine\n" }
sub Carp::carp  { print "my carp: @_\n" }
print CGI->new->header;
Carp::carp('x');
