#!/usr/bin/perl
use POSIX; print "Content-Type: text/plain\n\n"; print scalar(localtime 0), " ", setlocale(LC_ALL), " ", join(",", POSIX::tzname()), "\n";