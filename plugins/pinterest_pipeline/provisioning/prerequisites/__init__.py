"""What has to be there before anything is provisioned: looked at, told in one table, and never changed."""
