"""The main job, driven through Airflow's scheduler: provision, a burst, the daily run, the stream ingest, the
results.
"""
