"""Lists of the ministry of Justice read into territories, organisations and sites: parsed, then written, or nothing."""
