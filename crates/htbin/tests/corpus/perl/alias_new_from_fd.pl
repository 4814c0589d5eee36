#!/usr/bin/perl
use strict;
use warnings;
use IO::Handle;
our $out = IO::Handle->new_from_fd(1, 'w');
$out->print("Content-Type: text/plain\n\nx");
