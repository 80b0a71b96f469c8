"""Files of reference read by `availability`; where they come from is in docs/data.md."""
