#!/usr/bin/perl
#: GET /
#: GET / env=PERL_UNICODE=SDA
#: GET / env=PERLIO=:crlf
use strict;
use utf8;
print "Content-Type: text/plain\n\n";
print join(' ', map { join ',', PerlIO::get_layers($_, output => 1) } *STDIN, *STDOUT, *STDERR), "\n";
my $text = "é☺";
{ no warnings; print $text, "\n"; }
warn "wide ☺\n";
binmode STDOUT, ':encoding(UTF-8)'; print "$text\n";
binmode STDOUT; binmode STDOUT, ':raw'; print "raw \xe9\n";
binmode STDOUT, ':utf8'; print "utf8 \xe9\n"; binmode STDOUT, ':pop';
print STDERR "\x{e9}\n";
open my $m, '<:encoding(latin1)', \"\xe9" or die; my $c = <$m>; print ord $c, "\n";
print join(' ', map { join ',', PerlIO::get_layers($_, output => 1) } *STDIN, *STDOUT, *STDERR), "\n";
