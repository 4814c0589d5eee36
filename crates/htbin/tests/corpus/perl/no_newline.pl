#!/usr/bin/perl
print "Content-Type: text/plain\n\nx", __LINE__