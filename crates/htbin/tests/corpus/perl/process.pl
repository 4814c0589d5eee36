#!/usr/bin/perl
#: GET ?one+two%20three
#: GET ?-x+--+a
use strict;
use Cwd;
print "Content-Type: text/plain\n\n";
my $name = $0; $name =~ s{.*/}{};
print "$name [", join('|', @ARGV), "] $#ARGV\n";
print $0 eq __FILE__ ? "same" : "differs", ' ', $0 =~ m{^/} ? 'absolute' : 'relative', "\n";
print cwd() eq $0 =~ s{/[^/]*$}{}r ? "here\n" : "elsewhere\n";
print getpgrp() == $$ ? "leads its group\n" : "in a group\n";
open my $stat, '<', "/proc/$$/stat" or die; my @f = split ' ', <$stat> =~ s/.*\)//r;
print "session ", $f[3] == $$ ? 'own' : 'other', ", parent ", $f[1] == getppid() ? 'right' : 'wrong', "\n";
open my $comm, '<', "/proc/$$/comm"; print <$comm>;
print abs($^T - time) < 3 ? "time\n" : "no time\n";
printf "umask %o W %s X %s O %s\n", umask, $^W, $^X, $^O;
print "taint ${^TAINT} unicode ${^UNICODE} open ", ${^OPEN} // 'undef', " utf8locale ", ${^UTF8LOCALE} // 'undef', "\n";
print "signals ", join(' ', map { "$_=$SIG{$_}" } grep { defined $SIG{$_} } sort keys %SIG), "\n";
open my $status, '<', "/proc/$$/status"; print grep { /^(Sig(Blk|Ign|Cgt)|NoNewPrivs|Threads)/ } <$status>;
print "errors: [", $!+0, "] [$@] [$?] [", $^E+0, "]\n";
print defined $_ ? 'defined' : 'undef', ' ', defined $. ? 'defined' : 'undef', " $, [$\] [$/] [$;] [$\"] $| $^F $0\n" =~ s{\S*/}{}r;
print "times ", ((times)[0] < 2 ? 'small' : 'large'), "\n";
print "dump ", -o "/proc/$$/fd" ? 'own' : 'other', "\n";
print join(' ', map { (stat $_)[2] >> 12 } *STDIN, *STDOUT, *STDERR), "\n";
