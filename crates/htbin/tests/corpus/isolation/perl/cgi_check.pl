#!/usr/bin/perl
#: GET ?name=Ada
#: POST / type=application/x-www-form-urlencoded data=x=1
use CGI qw(:standard); print header("text/plain"), join(",", map { "$_=" . param($_) } param()), " $CGI::POST_MAX $CGI::DISABLE_UPLOADS ", charset(), " ", exists $CGI::Q->{dirty} ? "dirty" : "clean", " $CGI::NOSTICKY $CGI::DEBUG $CGI::LIST_CONTEXT_WARN ", escapeHTML("<"), textfield("name"), " ", join(",", sort keys %CGI::EXPORT), "\n";