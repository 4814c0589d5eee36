#!/usr/bin/perl
#: GET /
#: GET / env=PERL5LIB=/nonexistent/lib
use strict;
BEGIN { push @INC, 'pushed'; splice @INC, 0, 0, 'spliced'; unshift @INC, 'first', 'second'; }
no lib 'second';
print "Content-Type: text/plain\n\n@INC\n";
{ local @INC = ('only', @INC); eval { require Not::There }; print $@; }
eval { require "not/there.pl" } or print $@;
shift @INC;
$INC[0] = 'replaced';
pop @INC;
print "@INC $#INC\n";
eval 'use Not::There; 1' or print $@;
print ref \$INC[0], ' ', exists $INC[1] ? 'there' : 'not there', ' ', join('|', grep { /repl/ } @INC), "\n";
