"""The weekly maintenance: the Delta tables are compacted, and old history and manifests are deleted."""
