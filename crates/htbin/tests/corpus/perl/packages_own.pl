#!/usr/bin/perl
# Packages of the script's own that have names of modules.
use strict;
use warnings;
{ package CGI; sub new { bless {}, shift } sub param { 'my param' } }
print CGI->new->param, CGI->can('header') ? ' and not mine' : '', "\n";
{ package Config; our %Config = (name => 'value'); sub new { bless {}, shift } }
print ref(Config->new), " $Config::Config{name}\n";
{ package Cwd; sub cwd { '/mine' } }
print Cwd::cwd(), "\n";
