({a => 1, file => __FILE__, caller => scalar caller});
