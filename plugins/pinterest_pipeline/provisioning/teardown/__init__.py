"""Taking down what provisioning has made, and nothing else."""
