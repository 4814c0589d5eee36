#!/usr/bin/perl
#: GET ?default
#: GET ?ignored
print "Content-Type: text/plain\n\n"; $| = 1; print "start\n"; $SIG{PIPE} = "IGNORE" if $ENV{QUERY_STRING} eq "ignored"; pipe my $r, my $w; close $r; my $n = syswrite $w, "x"; print "error $!\n";
