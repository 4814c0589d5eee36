#!/usr/bin/perl -CS
print "Content-Type: text/plain\n\n", chr 0x263a, "\n", ${^UNICODE}, "\n";
