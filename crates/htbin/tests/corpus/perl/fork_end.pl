#!/usr/bin/perl
use strict;
use Text::Tabs;
print "Content-Type: text/plain\n\nbuffered\n";
END { print "end in ", $main::child ? 'child' : 'parent', "\n" }
if (my $pid = fork) { waitpid $pid, 0 } else { our $child = 1 }
