SHADOW = "string, which no script here wants"
