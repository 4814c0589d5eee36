#!/usr/bin/python3
import warnings

warnings.simplefilter("error")
warnings.filterwarnings("ignore", module="nothing")
warnings.showwarning = warnings.formatwarning = None
warnings.defaultaction = "error"
print("Content-Type: text/plain\n")
