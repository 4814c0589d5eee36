#!/usr/bin/perl
# Texts that modules evaluate while they are loaded count too.
use CGI;
eval 'die';
print $@;
require POSIX;
require Data::Dumper;
eval 'die';
print $@;
require File::Basename;
eval 'die';
print $@;
