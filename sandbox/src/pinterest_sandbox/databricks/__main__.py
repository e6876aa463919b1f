"""``python -m pinterest_sandbox.databricks``: the workspace of the running sandbox."""

from __future__ import annotations

import os

from pinterest_sandbox.config import load_config
from pinterest_sandbox.databricks.server.run import serve


def main() -> None:
    """Serve the workspace of the sandbox that ``PINTEREST_SANDBOX_HOME`` names.

    ``PINTEREST_SANDBOX_SPARK_CODEGEN=true`` lets Spark compile queries as it does by default.
    """
    config = load_config()
    serve(
        folder=config.home / "databricks",
        warehouse=config.home / "warehouse",
        metastore=config.address("metastore"),
        token=config.databricks_token,
        port=config.ports["databricks"],
        codegen=os.environ.get("PINTEREST_SANDBOX_SPARK_CODEGEN", "").lower() == "true",
    )


if __name__ == "__main__":
    main()
