#!/usr/bin/perl
# Handles of descriptors 1 and 2 beside STDOUT and STDERR: what they hold is written at the end too.
open our $out, '>&=', 1 or die;
print "Content-Type: text/plain\n\n";
print $out "by another handle\n";
open our $err, '>&=STDERR' or die;
print $err "no end of line";
