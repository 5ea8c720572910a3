"""What can be done to tenants, their members and their keys."""
