"""Make a topic and wait until its S3 sink has caught up."""

from airflow.sdk import DAG

from cloud_operators.kafka.operators.topics import KafkaEnsureTopicsOperator
from cloud_operators.kafka.sensors.sink import KafkaSinkCaughtUpSensor

with DAG("example_kafka", schedule=None) as dag:
    create_topic = KafkaEnsureTopicsOperator(
        task_id="create_topic",
        topics=[
            {
                "name": "events",
                "partitions": 3,
                "replication_factor": 1,
                "config": {"retention.ms": "604800000"},
            },
            {"name": "events-dead-letters", "partitions": 1, "replication_factor": 1},
        ],
    )
    wait_for_sink = KafkaSinkCaughtUpSensor(
        task_id="wait_for_sink",
        group_id="connect-events-sink",
        topics=["events"],
        dead_letter_topic="events-dead-letters",
        poke_interval=5,
        timeout=600,
    )
    create_topic >> wait_for_sink
