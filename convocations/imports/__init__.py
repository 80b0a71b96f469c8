"""People and hearings read from the exports of business applications: compared, then done line by line, or undone."""
