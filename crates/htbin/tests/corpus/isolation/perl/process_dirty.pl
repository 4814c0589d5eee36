#!/usr/bin/perl
#: GET / fsize=100000 cpu=3
chdir "/"; umask 0; $0 = "dirty"; setpriority 0, 0, 5; alarm 100; $SIG{ALRM} = "IGNORE"; $SIG{PIPE} = "IGNORE"; $SIG{INT} = $SIG{TERM} = sub { }; print "Content-Type: text/plain\n\n"; printf "%o\n", umask;