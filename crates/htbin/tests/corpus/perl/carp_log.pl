#!/usr/bin/perl
#: GET /
#: POST / type=multipart/form-data;boundary=xx data=--xx\r\nContent-Disposition: form-data; name="a"\r\n\r\ncut
use CGI::Carp qw(fatalsToBrowser warningsToBrowser noTimestamp cluck);
use CGI qw(:standard);
use Carp ();
print header('text/html');
warningsToBrowser(1);
warn "a warning";
sub inner { cluck('clucked') }
inner();
Carp::carp('carped');
my $form = CGI->new;
print $form->cgi_error || 'no error', "\n";
eval { Carp::croak('caught') };
print $@;
$form->save(undef);
