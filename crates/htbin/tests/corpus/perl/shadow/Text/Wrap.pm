package Text::Wrap;
use strict;
sub wrap { "unwrapped" }
1;
