#!/usr/bin/perl
1 while time - $^T < 9;
print "Content-Type: text/plain\n\nhello\n";
