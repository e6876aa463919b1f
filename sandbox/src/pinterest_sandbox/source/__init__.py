"""The source database: MariaDB with generated posts, places and users, or with rows loaded over them."""
