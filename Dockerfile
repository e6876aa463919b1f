# For `astro dev start`. Astro's tags are its own: this one holds Airflow 3.3.1 on Python 3.12, as MWAA does.
# The base image installs packages.txt and requirements.txt and copies the project to /usr/local/airflow.
FROM astrocrpublic.azurecr.io/runtime:3.3-7-python-3.12
# In MWAA's image, but not in Astro's.
RUN pip install --no-cache-dir "apache-airflow-providers-amazon[aiobotocore]==9.34.0"
