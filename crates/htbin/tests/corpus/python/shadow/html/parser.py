SHADOW = "html.parser beside the script"
