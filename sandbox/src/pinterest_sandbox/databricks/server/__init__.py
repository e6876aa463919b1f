"""The workspace's REST API and pages."""
