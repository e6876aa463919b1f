"""moto's server, mended: ``python -m pinterest_sandbox.aws.moto_server -H HOST -p PORT``."""

from __future__ import annotations

from moto.server import main

from pinterest_sandbox.aws import kinesis, rest_apis

if __name__ == "__main__":
    kinesis.mend()
    rest_apis.mend()
    main()
