#!/usr/bin/perl
#: GET ?name=Ada
#: GET ?name=Ada&name=Grace;x=%C3%A9+%3Cb%3E
#: POST /extra?q=1 type=application/x-www-form-urlencoded data=a=b&c=d%20e&a=f
#: GET ?word+word2
#: GET /
use strict;
use warnings;
use CGI qw(:standard);
my $form = CGI->new;
print $form->header(-type => 'text/html', -charset => 'utf-8', -cookie => cookie(-name => 'a', -value => [1, 2])) =~ s/^Date:.*\r\n//mr;
print start_html('Form'), h1('Form');
for my $name (sort $form->multi_param) {
    print p(escapeHTML($name), '=', map { escapeHTML($_) } $form->multi_param($name)), "\n";
}
print p($form->request_method, $form->path_info, $form->query_string, $form->self_url), "\n";
print start_form, textfield('name'), popup_menu('x', ['a', 'b']), submit, end_form, end_html, "\n";
print "version $CGI::VERSION, debug $CGI::DEBUG, ", join(',', sort keys %CGI::EXPORT), "\n";
