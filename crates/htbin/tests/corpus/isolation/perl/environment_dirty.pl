#!/usr/bin/perl
$ENV{DIRTY} = 1; $ENV{PATH} = "/dirty"; delete $ENV{SERVER_NAME}; $ENV{QUERY_STRING} = "x=y"; print "Content-Type: text/plain\n\n"; print `/bin/echo \$DIRTY`;