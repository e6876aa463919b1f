"""Airflow hooks, operators, sensors and triggers for services that no official provider covers.

The package imports Airflow and its providers only and takes plain arguments, so that it can be lifted out
of this repository as it is. See the README beside this file.
"""
