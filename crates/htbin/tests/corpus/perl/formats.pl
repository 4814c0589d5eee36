#!/usr/bin/perl
use strict; our ($name, $value, $text) = ('first', 3.14159, 'a long text that has to be broken over several lines');
print "Content-Type: text/plain\n\n";
format STDOUT_TOP =
Name       Value  @>
$%
-----------------
.
format STDOUT =
@<<<<<<<<< @##.## ^<<<<<<<<<~~
$name,     $value, $text
.
write; $name = 'second'; $text = 'short'; write; print "$= $- $^ $~\n";
my $s = swrite("@<< @>>", 1, 2); sub swrite { my $f = shift; $^A = ''; formline($f, @_); my $r = $^A; $^A = ''; $r } print "$s|\n";
print <<A . <<'B' . <<~C;
name $name
A
raw $name
B
    indented
      more
    C
