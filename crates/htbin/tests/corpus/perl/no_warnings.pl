#!/usr/bin/perl
print "Content-Type: text/plain\n\n";
my $x; my $y = "$x" + "abc"; print "W=$^W H=", (caller(0))[8] // "none", " $y\n"; BEGIN { print "H=$^H ", defined ${^WARNING_BITS} ? 1 : 0, " ", scalar(keys %^H), "\n" }
$name = "not strict"; print "$name\n";
{ no strict "refs"; ${"sym"} = 1; print $sym, "\n" }
