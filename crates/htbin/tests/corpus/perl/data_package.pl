#!/usr/bin/perl
package Other;
binmode DATA, ':utf8';
print "Content-Type: text/plain\n\n";
while (<Other::DATA>) { chomp; print length, "\n"; }
__DATA__
aÃ©b
last without end