"""What can be asked about SOPs, the people in them, and their touchpoints; a noun a file."""
