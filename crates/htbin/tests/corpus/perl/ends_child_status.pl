#!/usr/bin/perl
system 'exit 3';
$! = 0;
die;
