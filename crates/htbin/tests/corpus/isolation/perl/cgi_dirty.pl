#!/usr/bin/perl
#: POST /p?q=1 type=application/x-www-form-urlencoded data=secret=1&name=Eve
#: GET ?secret=2
use CGI qw(:all -nosticky -debug); $CGI::POST_MAX = 1000; $CGI::DISABLE_UPLOADS = 1; $CGI::LIST_CONTEXT_WARN = 0; charset("latin1"); CGI::nph(0); print header(-type => "text/plain"), param("secret"), " ", join(",", param()), "\n"; $CGI::Q->{dirty} = 1; CGI->autoEscape(0); CGI->compile(":all");