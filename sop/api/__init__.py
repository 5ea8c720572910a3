"""The REST interface of SOPs, runs and touchpoints."""
