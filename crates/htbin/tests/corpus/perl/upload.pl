#!/usr/bin/perl -w
#: POST / type=multipart/form-data;boundary=XX data=--XX\r\nContent-Disposition: form-data; name="f"; filename="a.bin"\r\nContent-Type: application/octet-stream\r\n\r\n\x00\x01\xff data\r\n--XX\r\nContent-Disposition: form-data; name="t"\r\n\r\ntext\r\n--XX--\r\n
#: POST / type=multipart/form-data;boundary=XX data=--XX\r\nbroken
use strict;
use CGI;
my $form = CGI->new;
print $form->header('text/plain');
print 'error: ', $form->cgi_error, "\n" if $form->cgi_error;
my $file = $form->upload('f');
if ($file) {
    binmode $file;
    local $/;
    my $data = <$file>;
    print length($data), ' ', unpack('H*', $data), "\n";
    print "name ", $form->param('f'), " type ", $form->uploadInfo($file)->{'Content-Type'}, "\n";
    print "temporary file is there\n" if -e $form->tmpFileName($file);
}
print 't=', scalar($form->param('t')) // 'none', "\n";
