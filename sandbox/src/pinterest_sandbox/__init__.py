"""The surroundings of the Pinterest data pipeline on one machine, without an account and without docker."""
