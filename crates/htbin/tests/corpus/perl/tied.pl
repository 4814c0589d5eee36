#!/usr/bin/perl
use strict; use Tie::Hash; use Tie::Handle; use SDBM_File; use Fcntl;
package Upper; sub TIEHANDLE { bless [] } sub PRINT { shift; push @main::said, map { uc } @_; 1 } sub PRINTF { my $s = shift; my $f = shift; $s->PRINT(sprintf $f, @_) } sub CLOSE { 1 } sub UNTIE { }
package Counter; sub TIESCALAR { my $n = 0; bless \$n } sub FETCH { ${$_[0]}++ } sub STORE { ${$_[0]} = $_[1] } sub DESTROY { print "counter gone\n" }
package main; our @said;
print "Content-Type: text/plain\n\n";
tie *STDOUT, 'Upper'; print "shout "; printf "%03d", 7; untie *STDOUT; print @said, "\n";
tie my $c, 'Counter'; print "$c $c $c\n"; $c = 10; print "$c\n"; untie $c;
my $file = "/tmp/htbin-corpus-$$"; tie my %db, 'SDBM_File', $file, O_RDWR | O_CREAT, 0600 or die; $db{a} = 1; print join(',', %db), "\n"; untie %db; unlink glob "$file*";
tie my %std, 'Tie::StdHash'; $std{x} = 1; print join(',', keys %std), "\n";
tie our $left, 'Counter';
