#!/usr/bin/perl
use strict;
use warnings;
sub show { print scalar(@INC), " $#INC $INC[0] $INC[-1]\n" }
show();
{
    local @INC = ('/x', @INC);
    show();
    eval { require Not::There };
    print $@;
}
show();
{ local @INC = @INC; push @INC, '/y'; show() }
{ local $INC[0] = '/z'; show() }
my @first = splice @INC, 0, 1;
show();
unshift @INC, @first;
push @INC, '.';
print join('|', reverse @INC), "\n";
print "$_\n" for grep { !-d } map { "$_/" } @INC[0, 1];
delete $INC[0];
print exists $INC[0] ? 1 : 0, "\n";
$#INC = 1;
print scalar(@INC), "\n";
undef @INC;
print eval { require Not::There; 1 } ? 'there' : $@;
