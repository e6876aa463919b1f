package pinterest.sandbox.connect.s3;

import java.net.URI;
import java.time.DateTimeException;
import java.time.ZoneId;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.common.config.AbstractConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.Importance;
import org.apache.kafka.common.config.ConfigDef.Range;
import org.apache.kafka.common.config.ConfigDef.Type;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.config.types.Password;

/** The connector's options: names, types and defaults are those of Confluent's S3 sink, except where said. */
final class S3SinkConfig extends AbstractConfig {

  static final String BUCKET = "s3.bucket.name";
  static final String REGION = "s3.region";
  static final String STORE_URL = "store.url";
  static final String PATH_STYLE = "s3.path.style.access.enabled";
  static final String ACCESS_KEY = "aws.access.key.id";
  static final String SECRET_KEY = "aws.secret.access.key";
  static final String PART_SIZE = "s3.part.size";
  static final String PART_RETRIES = "s3.part.retries";
  static final String RETRY_BACKOFF = "retry.backoff.ms";
  static final String COMPRESSION = "s3.compression.type";
  static final String TOPICS_DIR = "topics.dir";
  static final String DIRECTORY_DELIMITER = "directory.delim";
  static final String FILE_DELIMITER = "file.delim";
  static final String PAD_WIDTH = "filename.offset.zero.pad.width";
  static final String FLUSH_SIZE = "flush.size";
  static final String ROTATE_INTERVAL = "rotate.interval.ms";
  static final String ROTATE_SCHEDULE = "rotate.schedule.interval.ms";
  static final String TIMEZONE = "timezone";
  static final String FORMAT_CLASS = "format.class";
  static final String STORAGE_CLASS = "storage.class";
  static final String PARTITIONER_CLASS = "partitioner.class";
  static final String SCHEMA_COMPATIBILITY = "schema.compatibility";
  static final String NULL_VALUES = "behavior.on.null.values";
  static final String REPORT_NULLS = "report.null.values.to.dlq";
  static final String DECIMAL_FORMAT = "json.decimal.format";

  private static final String CONFLUENT = "io.confluent.connect.";

  static final ConfigDef DEFINITION =
      new ConfigDef()
          .define(BUCKET, Type.STRING, ConfigDef.NO_DEFAULT_VALUE, Rules.bucket(), Importance.HIGH,
              "The S3 bucket.")
          .define(REGION, Type.STRING, "us-west-2", Rules.notBlank(), Importance.MEDIUM,
              "The bucket's AWS region.")
          .define(STORE_URL, Type.STRING, null, Rules.httpAddress(), Importance.HIGH,
              "Address of an S3 endpoint other than AWS's own.")
          .define(PATH_STYLE, Type.BOOLEAN, true, Importance.LOW,
              "The bucket is in the path of the address, not in its host name.")
          .define(ACCESS_KEY, Type.STRING, "", Importance.HIGH,
              "AWS access key; empty: the AWS SDK's default chain.")
          .define(SECRET_KEY, Type.PASSWORD, new Password(""), Importance.HIGH,
              "AWS secret key; empty: the AWS SDK's default chain.")
          .define(PART_SIZE, Type.INT, 25 * 1024 * 1024, Range.atLeast(5 * 1024 * 1024), Importance.HIGH,
              "Accepted and checked; an object is uploaded in one piece.")
          .define(PART_RETRIES, Type.INT, 3, Range.atLeast(0), Importance.MEDIUM,
              "How often the AWS SDK repeats a failed request by itself.")
          .define(RETRY_BACKOFF, Type.LONG, 5_000L, Range.atLeast(0), Importance.LOW,
              "Milliseconds to wait before an upload that failed is tried again.")
          .define(COMPRESSION, Type.STRING, "none", Rules.only("none"), Importance.LOW,
              "Only none.")
          .define(TOPICS_DIR, Type.STRING, "topics", Importance.HIGH,
              "Top folder of the objects.")
          .define(DIRECTORY_DELIMITER, Type.STRING, "/", Importance.MEDIUM,
              "Separator of folders in the object's key.")
          .define(FILE_DELIMITER, Type.STRING, "+", Importance.MEDIUM,
              "Separator in the object's name.")
          .define(PAD_WIDTH, Type.INT, 10, Range.atLeast(0), Importance.LOW,
              "Digits of the first offset in the object's name.")
          .define(FLUSH_SIZE, Type.INT, ConfigDef.NO_DEFAULT_VALUE, Range.atLeast(1), Importance.HIGH,
              "Records of one object at most.")
          .define(ROTATE_INTERVAL, Type.LONG, -1L, Importance.HIGH,
              "Without effect, as in Confluent's sink, unless records are partitioned by time.")
          .define(ROTATE_SCHEDULE, Type.LONG, -1L, Importance.MEDIUM,
              "Milliseconds after which an open object is written, by the wall clock, counted from midnight.")
          .define(TIMEZONE, Type.STRING, "", Rules.timezone(), Importance.MEDIUM,
              "Time zone of that midnight; needed with " + ROTATE_SCHEDULE + ".")
          .define(FORMAT_CLASS, Type.STRING, ConfigDef.NO_DEFAULT_VALUE,
              Rules.only(CONFLUENT + "s3.format.json.JsonFormat"), Importance.HIGH, "Only JsonFormat.")
          .define(STORAGE_CLASS, Type.STRING, ConfigDef.NO_DEFAULT_VALUE,
              Rules.only(CONFLUENT + "s3.storage.S3Storage"), Importance.HIGH, "Only S3Storage.")
          .define(PARTITIONER_CLASS, Type.STRING, CONFLUENT + "storage.partitioner.DefaultPartitioner",
              Rules.only(CONFLUENT + "storage.partitioner.DefaultPartitioner"), Importance.HIGH,
              "Only DefaultPartitioner.")
          .define(SCHEMA_COMPATIBILITY, Type.STRING, "NONE", Rules.only("NONE"), Importance.HIGH,
              "Only NONE: records have no schema.")
          .define(NULL_VALUES, Type.STRING, "ignore", Rules.nullValues(), Importance.LOW,
              "ignore (the default here; fail in Confluent's) or fail.")
          .define(REPORT_NULLS, Type.BOOLEAN, true, Importance.LOW,
              "An ignored null goes to the dead letters, where the worker has such a topic.")
          .define(DECIMAL_FORMAT, Type.STRING, "BASE64", Rules.only("BASE64", "NUMERIC"), Importance.MEDIUM,
              "How decimals are written.");

  S3SinkConfig(Map<String, String> properties) {
    super(DEFINITION, properties);
    crossCheck(properties)
        .forEach((option, message) -> {
          throw new ConfigException(option, properties.get(option), message);
        });
  }

  /**
   * The rules between options.
   *
   * @return messages by the option they are about
   */
  static Map<String, String> crossCheck(Map<String, String> properties) {
    Map<String, String> errors = new LinkedHashMap<>();
    if (isPositive(properties.get(ROTATE_SCHEDULE)) && isBlank(properties.get(TIMEZONE))) {
      errors.put(TIMEZONE, "must be set, e.g. to UTC, when " + ROTATE_SCHEDULE + " is set");
    }
    if (isBlank(properties.get(ACCESS_KEY)) != isBlank(properties.get(SECRET_KEY))) {
      errors.put(ACCESS_KEY, ACCESS_KEY + " and " + SECRET_KEY + " must be set together");
    }
    return errors;
  }

  String bucket() {
    return getString(BUCKET);
  }

  Optional<URI> endpoint() {
    return Optional.ofNullable(getString(STORE_URL)).filter(url -> !url.isBlank()).map(URI::create);
  }

  ZoneId zone() {
    String zone = getString(TIMEZONE);
    return zone.isBlank() ? ZoneId.of("UTC") : ZoneId.of(zone);
  }

  boolean failsOnNull() {
    return getString(NULL_VALUES).equalsIgnoreCase("fail");
  }

  ObjectNames objectNames() {
    return new ObjectNames(
        getString(TOPICS_DIR), getString(DIRECTORY_DELIMITER), getString(FILE_DELIMITER), getInt(PAD_WIDTH));
  }

  RotationSchedule rotationSchedule() {
    return new RotationSchedule(getLong(ROTATE_SCHEDULE), zone());
  }

  private static boolean isBlank(String text) {
    return text == null || text.isBlank();
  }

  private static boolean isPositive(String text) {
    try {
      return text != null && Long.parseLong(text.trim()) > 0;
    } catch (NumberFormatException notANumber) {
      // The option's own check reports it.
      return false;
    }
  }

  /** Checks of single options. */
  private static final class Rules {

    private static ConfigDef.Validator rule(String demand, java.util.function.Predicate<String> holds) {
      return ConfigDef.LambdaValidator.with(
          (name, value) -> {
            if (value != null && !holds.test((String) value)) {
              throw new ConfigException(name, value, demand);
            }
          },
          () -> demand);
    }

    static ConfigDef.Validator notBlank() {
      return rule("must not be empty", text -> !text.isBlank());
    }

    static ConfigDef.Validator bucket() {
      return rule(
          "must be a bucket name: 3 to 63 lower-case letters, digits, dots and hyphens",
          text -> text.matches("[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"));
    }

    static ConfigDef.Validator httpAddress() {
      return rule(
          "must be an address like http://127.0.0.1:9000",
          text -> text.isBlank() || text.matches("https?://[^/\\s]+/?"));
    }

    static ConfigDef.Validator timezone() {
      return rule(
          "must be a time zone such as UTC or Europe/Paris",
          text -> {
            try {
              return text.isBlank() || ZoneId.of(text) != null;
            } catch (DateTimeException unknown) {
              return false;
            }
          });
    }

    static ConfigDef.Validator nullValues() {
      return rule(
          "must be ignore or fail (write needs store.kafka.keys, which this sink does not have)",
          text -> text.equalsIgnoreCase("ignore") || text.equalsIgnoreCase("fail"));
    }

    static ConfigDef.Validator only(String... allowed) {
      return rule(
          "is not supported by this sink; allowed: " + String.join(", ", allowed),
          text -> java.util.Arrays.stream(allowed).anyMatch(text::equalsIgnoreCase));
    }
  }
}
