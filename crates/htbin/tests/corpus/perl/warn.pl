#!/usr/bin/perl -w
print "Content-Type: text/plain\n\n";
warn "one\n";
warn "two";
my ($a1, $b1);
$a1 = $b1 + 1;
print undefined_name . "\n";
my $x = "abc" + 1;
sub twice { 1 } sub twice { 2 }
warn;
$@ = "left"; warn;
print STDERR "direct\n";
warn "with line"; <STDIN>; warn "with handle";
#line 200 "renamed"
# line 100 "other name"
warn "renamed";
print __FILE__, __LINE__, "\n";
