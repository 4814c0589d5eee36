SHADOW = "json beside the script"
