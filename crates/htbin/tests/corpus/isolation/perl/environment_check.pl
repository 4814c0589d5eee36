#!/usr/bin/perl
print "Content-Type: text/plain\n\n"; print exists $ENV{DIRTY} ? "dirty" : "clean", " $ENV{PATH} $ENV{SERVER_NAME} [$ENV{QUERY_STRING}] ", `echo "\$DIRTY \$PATH"`;