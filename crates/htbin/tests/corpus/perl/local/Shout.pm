package Shout;
use Filter::Simple;
FILTER { s/hello/HELLO/g };
1;
