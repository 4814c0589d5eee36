#!@SITE@/lib/cgi-bin/not-started.sh
echo "Content-Type: text/plain"
echo
echo "hello"
