"""Delete topics, also those that are gone already."""

from airflow.sdk import DAG

from cloud_operators.kafka.operators.delete_topics import KafkaDeleteTopicsOperator

with DAG("example_kafka_teardown", schedule=None) as dag:
    KafkaDeleteTopicsOperator(task_id="delete_topics", topics=["events", "events-dead-letters"])
