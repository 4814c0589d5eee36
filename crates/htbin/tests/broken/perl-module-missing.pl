#!/usr/bin/perl
use HTML::Template;
print "Content-Type: text/plain\n\nhello\n";
