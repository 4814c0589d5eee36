#!/usr/bin/perl -T
print "Content-Type: text/plain\n\n"; $ENV{PATH} = "/bin"; delete @ENV{qw(IFS CDPATH ENV BASH_ENV)}; print `/bin/echo fine`;