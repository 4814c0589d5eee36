#!/usr/bin/perl
use strict; use Config; BEGIN { if (!$Config{useithreads}) { print "skip: no threads\n"; exit } }
use threads; use threads::shared; my $n :shared = 0;
print "Content-Type: text/plain\n\n";
my @t = map { my $i = $_; threads->create(sub { lock $n; $n += $i; return $i * 2 }) } 1 .. 3; print join(",", map { $_->join } @t), " $n\n"; print "tid ", threads->tid, "\n";
