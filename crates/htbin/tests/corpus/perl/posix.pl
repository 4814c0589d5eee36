#!/usr/bin/perl
#: GET /
#: GET / env=LC_ALL=C.UTF-8
#: GET / env=TZ=Asia/Tokyo
use strict; use POSIX qw(:locale_h strftime floor ceil setlocale LC_ALL WIFEXITED);
print "Content-Type: text/plain\n\n";
print setlocale(LC_ALL), ' ', strftime('%Y-%m-%d %H:%M:%S %A', gmtime 0), ' ', floor(-1.5), ceil(1.2), "\n";
print scalar(localtime 86400 * 365), ' ', POSIX::mktime(0, 0, 0, 1, 0, 100), "\n";
print setlocale(LC_ALL, 'C'), ' ', POSIX::strtol('ff', 16), ' ', POSIX::isatty(0) ? 'tty' : 'no tty', ' ', POSIX::ttyname(0) // 'none', "\n";
print join(' ', POSIX::tzname()), ' ', POSIX::LONG_MAX(), ' ', POSIX::toupper('abc'), "\n"; my $loc = POSIX::localeconv(); print $loc->{decimal_point}, "\n";
{ use locale; printf "%.1f\n", 1.5; } $! = 2; print "$!\n";
