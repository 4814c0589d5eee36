#!/usr/bin/perl
1 while (times)[0] < 5 && time - $^T < 60;
print "Content-Type: text/plain\n\nhello\n";
