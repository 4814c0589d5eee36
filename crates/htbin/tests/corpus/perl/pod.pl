#!/usr/bin/perl -w

=pod

print "not code";

=cut

print "Content-Type: text/plain\n\n";
warn "line";

=head1 More

=cut

print __LINE__, "\n";
