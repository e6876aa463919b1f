# Databricks notebook source
# MAGIC %md
# MAGIC # Pinterest posts from S3
# MAGIC Mounts the bucket, cleans the three topics and answers a few questions.

# COMMAND ----------

from pyspark.sql.functions import *
from pyspark.sql.types import *
from pyspark.sql.window import Window
import urllib

# COMMAND ----------

# MAGIC %fs ls /FileStore/tables/

# COMMAND ----------

# DBTITLE 1,AWS keys
# The file with the keys was uploaded through the UI
keys_file = "/FileStore/tables/authentication_credentials.csv"
keys_df = spark.read.format("csv").option("header", "true").option("sep", ",").load(keys_file)

keys_row = keys_df.where(col("User name") == "databricks-user").collect()[0]
ACCESS_KEY = keys_row["Access key ID"]
SECRET_KEY = keys_row["Secret access key"]
# The secret key can have slashes and plus signs
ENCODED_SECRET_KEY = urllib.parse.quote(string=SECRET_KEY, safe="")

# COMMAND ----------

USER_ID = "0b1d5f7a9c2e"
BUCKET = f"user-{USER_ID}-bucket"
MOUNT_NAME = "/mnt/pinterest_posts"
SOURCE_URL = "s3n://{0}:{1}@{2}".format(ACCESS_KEY, ENCODED_SECRET_KEY, BUCKET)

if not any(mount.mountPoint == MOUNT_NAME for mount in dbutils.fs.mounts()):
    dbutils.fs.mount(SOURCE_URL, MOUNT_NAME)

display(dbutils.fs.ls(MOUNT_NAME + "/topics"))

# COMMAND ----------

# MAGIC %sql
# MAGIC -- no format check while plain JSON is read
# MAGIC SET spark.databricks.delta.formatCheck.enabled=false

# COMMAND ----------

def read_topic(topic):
    location = f"{MOUNT_NAME}/topics/{USER_ID}.{topic}/partition=0/*.json"
    return spark.read.format("json").option("inferSchema", "true").load(location)

df_pin = read_topic("pin")
df_geo = read_topic("geo")
df_user = read_topic("user")

# COMMAND ----------

# MAGIC %md
# MAGIC ## Cleaning

# COMMAND ----------

def null_where(df, column, text):
    return df.withColumn(column, when(col(column).like(text), None).otherwise(col(column)))

df_pin = null_where(df_pin, "description", "No description available%")
df_pin = null_where(df_pin, "follower_count", "User Info Error")
df_pin = null_where(df_pin, "image_src", "Image src error.")
df_pin = null_where(df_pin, "poster_name", "User Info Error")
df_pin = null_where(df_pin, "tag_list", "N,o, ,T,a,g,s, ,A,v,a,i,l,a,b,l,e")
df_pin = null_where(df_pin, "title", "No Title Data Available")

df_pin = df_pin.withColumn("follower_count", regexp_replace("follower_count", "k$", "000"))
df_pin = df_pin.withColumn("follower_count", regexp_replace("follower_count", "M$", "000000"))
df_pin = df_pin.withColumn("follower_count", col("follower_count").cast("int"))
df_pin = df_pin.withColumn("save_location", regexp_replace("save_location", "Local save in ", ""))
df_pin = df_pin.withColumnRenamed("index", "ind")
df_pin = df_pin.select(
    "ind", "unique_id", "title", "description", "follower_count", "poster_name", "tag_list",
    "is_image_or_video", "image_src", "save_location", "category",
)

# COMMAND ----------

df_geo = df_geo.withColumn("coordinates", array("latitude", "longitude")).drop("latitude", "longitude")
df_geo = df_geo.withColumn("timestamp", to_timestamp("timestamp"))
df_geo = df_geo.select("ind", "country", "coordinates", "timestamp")

df_user = df_user.withColumn("user_name", concat_ws(" ", "first_name", "last_name")).drop("first_name", "last_name")
df_user = df_user.withColumn("date_joined", to_timestamp("date_joined"))
df_user = df_user.select("ind", "user_name", "age", "date_joined")

df_pin.cache()
df_pin.display()

# COMMAND ----------

# DBTITLE 1,Most posted category in each country
by_country = Window.partitionBy("country").orderBy(col("category_count").desc())

top_categories = (
    df_pin.join(df_geo, df_pin.ind == df_geo.ind)
    .groupBy("country", "category")
    .agg(count("category").alias("category_count"))
    .withColumn("rank", rank().over(by_country))
    .where(col("rank") == 1)
    .drop("rank")
    .orderBy("country", "category")
)
display(top_categories)

# COMMAND ----------

# DBTITLE 1,Most followed user in each country
most_followed = (
    df_pin.join(df_geo, "ind")
    .withColumn("place", row_number().over(Window.partitionBy("country").orderBy(col("follower_count").desc_nulls_last())))
    .where("place = 1")
    .select("country", "poster_name", "follower_count")
    .orderBy("country")
)
display(most_followed)

# COMMAND ----------

df_pin.createOrReplaceTempView("pins")
df_user.createOrReplaceTempView("users")
dbutils.widgets.text("first_year", "2015")

# COMMAND ----------

# DBTITLE 1,Median of followers by year of joining
# MAGIC %sql
# MAGIC SELECT year(date_joined) AS joining_year,
# MAGIC        percentile_approx(follower_count, 0.5) AS median_follower_count
# MAGIC FROM pins JOIN users ON pins.ind = users.ind
# MAGIC WHERE year(date_joined) >= $first_year
# MAGIC GROUP BY year(date_joined)
# MAGIC ORDER BY joining_year

# COMMAND ----------

displayHTML(f"<h3>{_sqldf.count()} years</h3>")

# COMMAND ----------

dbutils.fs.unmount(MOUNT_NAME)
