#!/usr/bin/perl
#: GET ?a=b env=ODD=x=y=z env=EMPTY= env=HIGH=\xff\xfe
use strict;
print "Content-Type: text/plain\n\n";
for (sort keys %ENV) { my $v = $ENV{$_}; $v =~ s{/\S*/}{/.../}g; print "$_=", $v =~ /[^ -~]/ ? unpack('H*', $v) : $v, "\n" }
print 'in order: ', join(' ', map { /^(\w+)=/ } split /\0/, do { local (@ARGV, $/) = "/proc/self/environ"; '' }), "\n";
print `env | grep -v '^_=\|^PWD=\|^SHLVL=\|^OLDPWD=' | sed 's/=.*//' | tr '\n' ' '`, "\n";
$ENV{ODD} = 'changed'; delete $ENV{EMPTY}; { local $ENV{HIGH} = 'local'; print `echo \$ODD \${EMPTY-unset} \$HIGH` }
print length `printf %s "\$HIGH"`, "\n";
