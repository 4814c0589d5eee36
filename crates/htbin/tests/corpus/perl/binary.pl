#!/usr/bin/perl
binmode STDOUT;
print "Content-Type: application/octet-stream\n\n", map { chr } 0 .. 255;
syswrite STDOUT, "unbuffered first\n";
