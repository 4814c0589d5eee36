NAME = "beside the target"
