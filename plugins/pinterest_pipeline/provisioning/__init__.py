"""What the provisioning DAGs do beside the generic operators: plans, records, the plugin file, the
connection.
"""
