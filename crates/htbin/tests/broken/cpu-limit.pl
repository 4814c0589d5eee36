#!/usr/bin/perl
1 while time - $^T < 6;
print "Content-Type: text/plain\n\nhello\n";
