package pinterest.sandbox.connect.s3;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.stream.Collectors;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.connect.sink.SinkConnector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class S3SinkConnectorTest {

  private static Map<String, List<String>> errors(Map<String, String> options) {
    return new S3SinkConnector()
        .validate(options).configValues().stream()
            .filter(value -> !value.errorMessages().isEmpty())
            .collect(Collectors.toMap(value -> value.name(), value -> value.errorMessages()));
  }

  @Test
  void workersFindItByItsServiceFile() {
    SinkConnector found = ServiceLoader.load(SinkConnector.class).findFirst().orElseThrow();
    assertInstanceOf(S3SinkConnector.class, found);
  }

  @Test
  void fewOptionsAreEnough() {
    assertEquals(Map.of(), errors(Options.with()));
  }

  @Test
  void allThatOurPipelineSetsIsAccepted() {
    assertEquals(
        Map.of(),
        errors(
            Options.with(
                "rotate.schedule.interval.ms", "1000",
                "timezone", "UTC",
                "partitioner.class", "io.confluent.connect.storage.partitioner.DefaultPartitioner",
                "schema.compatibility", "NONE",
                "s3.part.size", "5242880",
                "s3.compression.type", "none",
                "behavior.on.null.values", "ignore",
                "store.url", "http://127.0.0.1:15000",
                "s3.path.style.access.enabled", "true",
                "aws.access.key.id", "key",
                "aws.secret.access.key", "secret")));
  }

  @ParameterizedTest
  @CsvSource(nullValues = "-", value = {
    "s3.bucket.name, -, Missing required configuration",
    "s3.bucket.name, Not_A_Bucket, must be a bucket name",
    "flush.size, abc, Not a number of type INT",
    "flush.size, 0, Value must be at least 1",
    "format.class, io.confluent.connect.s3.format.avro.AvroFormat, allowed: io.confluent.connect.s3.format.json.JsonFormat",
    "storage.class, hdfs, allowed: io.confluent.connect.s3.storage.S3Storage",
    "partitioner.class, io.confluent.connect.storage.partitioner.TimeBasedPartitioner, is not supported",
    "schema.compatibility, FULL, allowed: NONE",
    "behavior.on.null.values, write, must be ignore or fail",
    "s3.compression.type, gzip, allowed: none",
    "store.url, 127.0.0.1:9000, must be an address like",
    "timezone, Mars, must be a time zone",
    "aws.access.key.id, key, must be set together",
  })
  void wrongOptionIsRefusedWithAReason(String option, String value, String reason) {
    Map<String, List<String>> found = errors(Options.with(option, value));
    assertEquals(1, found.size(), found.toString());
    assertTrue(found.toString().contains(reason), found.toString());
  }

  @Test
  void scheduleNeedsATimezone() {
    Map<String, List<String>> found = errors(Options.with("rotate.schedule.interval.ms", "1000"));
    assertEquals(
        Map.of("timezone", List.of("must be set, e.g. to UTC, when rotate.schedule.interval.ms is set")), found);
    ConfigException error =
        assertThrows(
            ConfigException.class,
            () -> new S3SinkConnector().start(Options.with("rotate.schedule.interval.ms", "1000")));
    assertTrue(error.getMessage().contains("timezone"), error.getMessage());
  }

  @Test
  void everyTaskGetsTheWholeConfiguration() {
    S3SinkConnector connector = new S3SinkConnector();
    connector.start(Options.with());
    assertEquals(List.of(Options.with(), Options.with()), connector.taskConfigs(2));
    assertEquals(S3SinkTask.class, connector.taskClass());
  }
}
