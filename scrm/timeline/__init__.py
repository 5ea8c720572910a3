"""A contact's whole timeline: what every app tells of it, in one order, for the console and over REST."""
