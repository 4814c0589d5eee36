package Beside;
use strict;
use Carp;
our $loaded = caller;
sub word { "beside " . __PACKAGE__ . " line " . __LINE__ }
sub fail { croak "no" }
1;
