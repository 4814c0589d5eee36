#!/usr/bin/perl
print "Status: OK\n";
print "Content-Type: text/plain\n\n";
print "hello\n";
