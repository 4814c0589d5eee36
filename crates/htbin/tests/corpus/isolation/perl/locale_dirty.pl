#!/usr/bin/perl
#: GET /
use POSIX; setlocale(LC_ALL, "C.UTF-8"); setlocale(LC_NUMERIC, "C"); $ENV{TZ} = "Asia/Tokyo"; POSIX::tzset(); print "Content-Type: text/plain\n\n"; print scalar(localtime 0), " ", setlocale(LC_ALL), "\n";