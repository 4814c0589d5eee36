#!/usr/bin/perl -w
print "Content-Type: text/plain\n\n";
close STDOUT;
print "lost\n";
open STDOUT, ">&", \*STDERR or die; print "to stderr\n"; close STDERR; print STDERR "nowhere\n"; warn "nowhere"; close STDIN; open my $f, "<", "/dev/null"; exit fileno($f);
