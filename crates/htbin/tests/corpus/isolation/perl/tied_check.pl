#!/usr/bin/perl
print "Content-Type: text/plain\n\n"; print tied(*STDOUT) ? "tied" : "clean", tied(%ENV) ? "tied" : "clean", tied($0) ? "tied" : "clean", " $ENV{REQUEST_METHOD}\n";