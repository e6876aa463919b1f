"""Keep a stream running."""

from airflow.sdk import DAG

from cloud_operators.databricks.operators.keep_running import DatabricksKeepNotebookRunningOperator

with DAG("example_databricks_stream", schedule="*/5 * * * *", catchup=False) as dag:
    DatabricksKeepNotebookRunningOperator(
        task_id="keep_stream_running",
        run_name="example-stream",
        notebook_path="/Shared/example/stream",
        parameters={"checkpoint": "dbfs:/checkpoints/example"},
        replace_on_change=["checkpoint"],
        compute={"existing_cluster_id": "0923-164208-meows279"},
        min_seconds=30,
        polling_period_seconds=10,
    )
