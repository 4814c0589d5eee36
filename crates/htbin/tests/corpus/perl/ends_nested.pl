#!/usr/bin/perl
END { print "first defined, last run $?\n" }
END { die "in END\n" }
END { print "exits\n"; exit 4 }
exit 2;
