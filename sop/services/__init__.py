"""What can be done with SOPs and touchpoints: one module a noun."""
