sub piece { return "piece $_[0] at " . __LINE__ . " " . __FILE__ . " " . (caller)[2] }
1;
