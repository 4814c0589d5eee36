#!/usr/bin/perl -w
use strict;
use Storable qw(freeze thaw dclone); use JSON::PP; use Encode; use Digest::MD5 'md5_hex'; use Digest::SHA 'sha1_hex';
use MIME::Base64; use Time::Local; use Data::Dumper; use List::Util qw(sum first reduce shuffle); use Scalar::Util qw(blessed reftype dualvar weaken);
use Text::Wrap; use Text::ParseWords; use Text::Abbrev; use Time::HiRes qw(time sleep); use Math::BigInt; use constant {A => 1, B => 'b'};
use Getopt::Long; use File::Spec; use File::Basename; use Tie::File; use Time::Piece; use Unicode::Normalize; use Sys::Hostname; use Benchmark (); use Env qw(PATH @PATH);
print "Content-Type: text/plain\n\n";
print thaw(freeze({a => [1, 2]}))->{a}[1], dclone([3])->[0], "\n", JSON::PP->new->canonical->pretty->encode({a => [1, undef, \1], b => "\x{e9}"});
print decode_json('{"k":[true,1.5]}')->{k}[1], ' ', ref decode_json('[true]')->[0], "\n";
print length(decode('UTF-8', "\xc3\xa9")), ' ', unpack('H*', encode('UTF-16BE', "a\x{263a}")), ' ', eval { decode('UTF-8', "\xff", Encode::FB_CROAK); 1 } ? '' : $@, "\n";
print md5_hex('a'), ' ', sha1_hex('a'), ' ', encode_base64('abc'), timegm(0, 0, 0, 1, 0, 2000), "\n";
{ local $Data::Dumper::Sortkeys = 1; print Dumper({b => 1, a => [undef, \'x']}); }
print sum(1 .. 4), first { $_ > 2 } 1 .. 5; print reduce { $a * $b } 1 .. 5; print "\n", A, B, "\n";
{ local $Text::Wrap::columns = 20; print wrap('', '  ', 'a b c d e f g h i j k l m n o p'), "\n"; } print join('|', shellwords('a "b c" d')), "\n";
print Math::BigInt->new(2)->bpow(100), ' ', basename('/a/b.c'), ' ', dirname('/a/b.c'), ' ', File::Spec->catfile('a', 'b'), "\n";
@ARGV = ('--n=5', '--flag', 'rest'); GetOptions('n=i' => \my $n, flag => \my $flag); print "$n $flag @ARGV\n";
print gmtime(0)->ymd, ' ', NFD("\x{e9}") eq "e\x{301}" ? 'nfd' : '', ' ', time > 1e9 ? 'time' : '', ' ', scalar(@PATH), "\n";
eval { GetOptions('bad=') }; print $@; @ARGV = '--unknown'; GetOptions('n=i' => \$n);
print exists $INC{'Data/Dumper.pm'} ? 1 : 0, exists $INC{'Local.pm'} ? 1 : 0, ' ', join(' ', grep { !m{^/} && $_ !~ /\.p[lm]$/ } values %INC), "\n";
