"""Child programs: start, watch, end; ports; log files; the state files of lessons."""
