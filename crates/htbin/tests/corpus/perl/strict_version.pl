#!/usr/bin/perl
use v5.12;
say "Content-Type: text/plain\n";
say "x" ~~ "x" ? 1 : 0 if 0;
$undeclared = 1;
say "never";
