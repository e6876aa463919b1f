"""Airflow's four processes on this machine, with the checkout's DAGs, plugins and include folders."""
