"""The AWS side of the sandbox: moto, what moto lacks, and the account before the pipeline is provisioned."""
