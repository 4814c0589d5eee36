#!/usr/bin/perl
use strict;
print "Content-Type: text/plain\n\n";
sub where { my @out; for (my $i = 0; my @c = caller $i; $i++) { $c[1] =~ s{.*/}{}; push @out, join ':', map { $_ // 'undef' } @c[0 .. 3, 5 .. 7] } join ' < ', @out }
print where(), "\n"; my @l = where(); print "@l\n"; print eval { where() }, "\n", eval 'where()', "\n", (sub { where() })->(), "\n"; print map { where() . "\n" } 1;
print scalar(@{[caller]}), ' ', defined caller() ? 'called' : 'main', "\n"; BEGIN { print STDERR join('|', map { s{.*/}{}r } (caller(0))[0 .. 3], (caller(1))[0 .. 3]), "\n" }
print __PACKAGE__, ' ', __LINE__, ' ', __FILE__ =~ s{.*/}{}r, "\n";
print "modulino\n" unless caller; print join(',', grep { /^(where|other)$/ } sort keys %main::), ' ', exists $main::{'_<' . __FILE__} ? 'file glob' : 'none', "\n"; sub other { }
print grep({ /HTBin|htbin/i } keys %main::, keys %INC), "\n"; local $SIG{__WARN__} = sub { print "W: ", $_[0] =~ s{/\S*/}{}r, where(), "\n" }; warn "x"; 
