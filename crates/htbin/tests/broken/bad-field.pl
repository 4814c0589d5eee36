#!/usr/bin/perl
print "Content-Type : text/html\n\n";
print "<h1>Hello</h1>\n";
