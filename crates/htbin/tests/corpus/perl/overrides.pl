#!/usr/bin/perl
use strict;
BEGIN { *CORE::GLOBAL::sleep = sub { print "no sleep\n" }; *CORE::GLOBAL::die = sub { CORE::die("overridden: @_") } }
print "Content-Type: text/plain\n\n"; sleep 100; eval { die "x\n" }; print $@; package Foo; use overload "+" => sub { 42 }, "<=>" => sub { 0 }, '""' => sub { "str" }; package main; my $o = bless [], "Foo"; print $o + 1, " $o\n"; use sort "stable"; use bigint; print 2**70, "\n";
