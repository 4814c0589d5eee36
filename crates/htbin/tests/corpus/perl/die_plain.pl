#!/usr/bin/perl
print "Content-Type: text/plain\n\nbefore";
open my $f, '<', __FILE__; <$f>; <$f>;
$! = 2;
die "plain death";
