#!/usr/bin/perl
END { print "end $?\n"; $? = 3 }
$SIG{__DIE__} = sub { print "hook @_"; exit 9 };
die "x\n";
