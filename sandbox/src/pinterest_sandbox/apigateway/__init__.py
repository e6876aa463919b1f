"""API execution: carries out the REST APIs that are deployed in moto, as API Gateway does."""
