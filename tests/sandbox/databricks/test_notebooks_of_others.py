"""Two notebooks as users of Databricks write them, in ``notebooks/``, run unchanged."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import boto3
import pytest

from pinterest_sandbox.waiting import NotReady, wait_until
from tests.running_sandbox import RunningSandbox
from tests.sandbox.databricks.client import WorkspaceClient

NOTEBOOKS = Path(__file__).with_name("notebooks")
USER_ID = "0b1d5f7a9c2e"
BUCKET = f"user-{USER_ID}-bucket"
TABLES = {name: f"{USER_ID}_{name}_table" for name in ("pin", "geo", "user")}
KEYS = "User name,Access key ID,Secret access key\ndatabricks-user,AKIA0SANDBOX0USER0,Zm9v/YmFy+Q8=x%2F\n"

#: index, category, followers, poster, country, year of joining
POSTS = [
    (1, "art", "12k", "Ann", "France", 2015),
    (2, "art", "2M", "Ben", "France", 2015),
    (3, "travel", "User Info Error", "User Info Error", "France", 2015),
    (4, "travel", "500", "Cid", "Peru", 2016),
    (5, "art", "1k", "Dee", "Peru", 2016),
    (6, "travel", "3k", "Eve", "Peru", 2016),
    (7, "art", "10", "Flo", "Chad", 2014),
    (8, "finance", "20", "Gus", "Chad", 2017),
]


def records(
    index: int, category: str, followers: str, poster: str, country: str, year: int
) -> dict[str, Any]:
    """What is posted of one index, by topic."""
    return {
        "pin": {
            "index": index,
            "unique_id": f"id-{index}",
            "title": f"Title {index}" if index % 2 else "No Title Data Available",
            "description": "No description available Story format",
            "poster_name": poster,
            "follower_count": followers,
            "tag_list": "N,o, ,T,a,g,s, ,A,v,a,i,l,a,b,l,e",
            "is_image_or_video": "image",
            "image_src": "Image src error.",
            "downloaded": 1,
            "save_location": f"Local save in /data/{category}",
            "category": category,
        },
        "geo": {
            "ind": index,
            "timestamp": "2021-03-04T05:06:07",
            "latitude": 1.5,
            "longitude": -2.5,
            "country": country,
        },
        "user": {
            "ind": index,
            "first_name": poster,
            "last_name": "Doe",
            "age": 20 + index,
            "date_joined": f"{year}-06-07T08:09:10",
        },
    }


@pytest.fixture
def aws(sandbox: RunningSandbox) -> Any:
    """Makes clients of the sandbox's account."""

    def client(service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=sandbox.environment["AWS_ENDPOINT_URL"],
            region_name="us-east-1",
            aws_access_key_id=sandbox.environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=sandbox.environment["AWS_SECRET_ACCESS_KEY"],
        )

    return client


@pytest.fixture
def landed_posts(aws: Any) -> Iterator[None]:
    """The posts as the sink lays them down: several objects a topic, one record a line."""
    s3 = aws("s3")
    s3.create_bucket(Bucket=BUCKET)
    for name in TABLES:
        lines = [json.dumps(records(*post)[name]) for post in POSTS]
        for first in range(0, len(lines), 3):
            s3.put_object(
                Bucket=BUCKET,
                Key=f"topics/{USER_ID}.{name}/partition=0/{USER_ID}.{name}+0+{first:010d}.json",
                Body="\n".join([*lines[first : first + 3], ""]).encode(),
            )
    yield
    for item in s3.list_objects_v2(Bucket=BUCKET)["Contents"]:
        s3.delete_object(Bucket=BUCKET, Key=item["Key"])
    s3.delete_bucket(Bucket=BUCKET)


def publish(workspace: WorkspaceClient, name: str) -> str:
    """Import a notebook as it is; gives its path."""
    workspace.publish(name, (NOTEBOOKS / name).read_text(encoding="utf-8"))
    return f"{workspace.folder}/{Path(name).stem}"


def exported(workspace: WorkspaceClient, run: dict[str, Any]) -> str:
    """The HTML of a run's only notebook."""
    [view] = workspace.get("2.2/jobs/runs/export", run_id=run["tasks"][0]["run_id"])["views"]
    return str(view["content"])


def tables(html: str) -> list[list[tuple[str, ...]]]:
    """The displayed tables, each with its head."""
    return [
        [
            tuple(unescape(re.sub("<.*?>", "", cell)) for cell in re.findall(r"<t[hd].*?>(.*?)</t[hd]>", row))
            for row in re.findall("<tr>(.*?)</tr>", table)
        ]
        for table in re.findall('<div class="result"><table>(.*?)</table>', html)
    ]


@pytest.mark.usefixtures("landed_posts")
def test_mount_clean_query_and_unmount(workspace: WorkspaceClient, sandbox: RunningSandbox) -> None:
    # As the documentation says to upload a file.
    uploaded = sandbox.home / "dbfs" / "FileStore" / "tables" / "authentication_credentials.csv"
    uploaded.write_text(KEYS)

    run = workspace.wait(workspace.submit(publish(workspace, "mount_and_query.py")))

    assert run["state"]["result_state"] == "SUCCESS", workspace.output(run).get("error_trace")
    html = exported(workspace, run)
    store, topics, _, pins, categories, followed, medians = tables(html)
    assert store[0][:3] == ("path", "name", "size")
    listed = (f"dbfs:/FileStore/tables/{uploaded.name}", uploaded.name, str(len(KEYS)))
    assert listed in [row[:3] for row in store[1:]]
    assert [row[:2] for row in topics[1:]] == [
        (f"dbfs:/mnt/pinterest_posts/topics/{USER_ID}.{name}/", f"{USER_ID}.{name}/")
        for name in sorted(TABLES)
    ]
    assert sorted(pins[1:])[2] == (
        *("3", "id-3", "Title 3", "null", "null", "null", "null", "image", "null", "/data/travel", "travel"),
    )
    assert sorted(row[4] for row in pins[1:]) == sorted(
        ["12000", "2000000", "null", "500", "1000", "3000", "10", "20"]
    )
    assert categories == [
        ("country", "category", "category_count"),
        ("Chad", "art", "1"),
        ("Chad", "finance", "1"),
        ("France", "art", "2"),
        ("Peru", "travel", "2"),
    ]
    assert followed[1:] == [("Chad", "Gus", "20"), ("France", "Ben", "2000000"), ("Peru", "Eve", "3000")]
    # The lower of two; nulls do not count; 2014 is before the widget's year.
    assert medians[1:] == [("2015", "12000"), ("2016", "1000"), ("2017", "20")]
    assert 'srcdoc="&lt;h3&gt;3 years&lt;/h3&gt;"' in html
    assert "/mnt/pinterest_posts has been unmounted." in html
    page = workspace.call("GET", f"../jobs/{run['job_id']}/runs/{run['run_id']}").text
    assert tables(page) == tables(html)
    assert "Q8=x" not in page
    points = workspace.notebook("dbutils.notebook.exit([mount.mountPoint for mount in dbutils.fs.mounts()])")
    assert workspace.result(points) == "['/']"


@pytest.fixture
def streams(aws: Any) -> Iterator[Any]:
    """Puts a post's three records into the streams."""
    kinesis = aws("kinesis")
    for name in TABLES:
        kinesis.create_stream(StreamName=f"streaming-{USER_ID}-{name}", ShardCount=2)

    def put(post: tuple[int, str, str, str, str, int]) -> None:
        for name, record in records(*post).items():
            kinesis.put_record(
                StreamName=f"streaming-{USER_ID}-{name}",
                Data=json.dumps(record).encode(),
                PartitionKey=str(post[0]),
            )

    yield put
    for name in TABLES:
        kinesis.delete_stream(StreamName=f"streaming-{USER_ID}-{name}")


@pytest.fixture
def keys_table(workspace: WorkspaceClient) -> Iterator[None]:
    """The table of keys; afterwards it and the tables of the streams are gone, their checkpoints too."""
    workspace.rows(
        "CREATE OR REPLACE TABLE authentication_credentials "
        "TBLPROPERTIES('delta.columnMapping.mode' = 'name') AS "
        "SELECT 'AKIA0SANDBOX0USER0' AS `Access key ID`, 'Zm9v/YmFy+Q8=' AS `Secret access key`"
    )
    yield
    for table in ("authentication_credentials", *TABLES.values()):
        workspace.rows(f"DROP TABLE IF EXISTS {table}")
    workspace.result(
        workspace.notebook(
            "dbutils.fs.rm('/tmp/kinesis', True)\ndbutils.notebook.exit('clean')", name="clean.py"
        )
    )


def wait_for_rows(workspace: WorkspaceClient, run_id: int, expected: int) -> None:
    """Until each of the three tables has so many rows; the run must go on."""

    def check() -> None:
        run = workspace.run(run_id)
        assert run["tasks"][0]["state"]["life_cycle_state"] in ("PENDING", "RUNNING"), workspace.output(run)
        for table in TABLES.values():
            answer = workspace.statement(f"SELECT count(*) FROM {table}")
            if answer["status"]["state"] == "FAILED" or answer["result"]["data_array"] != [[str(expected)]]:
                raise NotReady(f"{table}: {answer['status']}, {answer.get('result')}")

    wait_until(check, what=f"{expected} rows", timeout=240, interval=1)


@pytest.mark.usefixtures("keys_table")
def test_three_streams_until_the_run_is_cancelled(workspace: WorkspaceClient, streams: Any) -> None:
    for post in POSTS[:5]:
        streams(post)
    run_id = workspace.submit(publish(workspace, "streams_into_delta.ipynb"))
    wait_for_rows(workspace, run_id, 5)

    # All of its cells have ended: the run is kept by its streams alone.
    html = exported(workspace, workspace.run(run_id))
    assert html.count('<p class="cell">') == 10
    _, pins = tables(html)
    assert pins[0] == ("ind", "title", "follower_count", "category")
    assert sorted(row[0] for row in pins[1:]) == ["1", "2", "3", "4", "5"]
    for post in POSTS[5:]:
        streams(post)
    wait_for_rows(workspace, run_id, len(POSTS))

    workspace.post("2.2/jobs/runs/cancel", run_id=run_id)
    assert workspace.wait(run_id)["state"]["result_state"] == "CANCELED"
    pins = workspace.rows(f"SELECT ind, follower_count FROM {TABLES['pin']} ORDER BY ind")
    followers = ["12000", None, None, "500", "1000", "3000", "10", "20"]
    assert pins == [[str(post[0]), count] for post, count in zip(POSTS, followers, strict=True)]
    geo = workspace.rows(f"SELECT ind, country, coordinates FROM {TABLES['geo']} ORDER BY ind")
    assert geo == [[str(post[0]), post[4], "[1.5,-2.5]"] for post in POSTS]
    users = workspace.rows(f"SELECT ind, user_name FROM {TABLES['user']} ORDER BY ind")
    assert users == [[str(post[0]), f"{post[3]} Doe"] for post in POSTS]
