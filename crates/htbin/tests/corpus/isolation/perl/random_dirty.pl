#!/usr/bin/perl
srand 42; print "Content-Type: text/plain\n\n"; print int(rand 1000), "\n"; print rand() < 1 ? "ok\n" : ""; 