"""The stream path between the streams and the tables: what the notebook is given, and what it has done."""
