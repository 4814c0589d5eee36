#!/usr/bin/perl
END { print "status $?\n" }
exit -1;
