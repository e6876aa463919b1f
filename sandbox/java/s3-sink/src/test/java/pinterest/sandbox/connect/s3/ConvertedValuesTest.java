package pinterest.sandbox.connect.s3;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.errors.DataException;
import org.apache.kafka.connect.json.JsonConverter;
import org.apache.kafka.connect.sink.SinkRecord;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What Kafka's own JsonConverter hands to a sink, and what is landed of it. Without schemas a whole number is a signed
 * 64-bit one and every other a double: a number that does not fit is another one then, and nothing behind can tell.
 */
class ConvertedValuesTest {

  private static final TopicPartition PIN = new TopicPartition("sandbox.pin", 0);

  private final JsonConverter converter = new JsonConverter();
  private final MemoryStore store = new MemoryStore();

  @BeforeEach
  void configure() {
    converter.configure(Map.of("schemas.enable", "false"), false);
  }

  private String landed(String json) {
    SchemaAndValue value =
        converter.toConnectData(PIN.topic(), json.getBytes(StandardCharsets.UTF_8));
    S3SinkTask task = new S3SinkTask(config -> store, new HandClock("2026-01-05T10:00:00Z"));
    task.initialize(new Worker(PIN));
    task.start(Options.with("flush.size", "1"));
    task.put(
        List.of(new SinkRecord(PIN.topic(), 0, null, null, value.schema(), value.value(), 0)));
    return store.objects.values().iterator().next();
  }

  @ParameterizedTest
  @CsvSource({
    "9223372036854775807, 9223372036854775807",
    "-9223372036854775808, -9223372036854775808",
    "9223372036854775808, -9223372036854775808",
    "-9223372036854775809, 9223372036854775807",
    "18446744073709551616, 0",
    "18446744073709551617, 1"
  })
  void ofWholeNumberOnlyTheLowest64BitsAreKept(String written, String kept) {
    assertEquals("{\"index\":" + kept + "}\n", landed("{\"index\": " + written + "}"));
  }

  @ParameterizedTest
  @CsvSource({
    "5.0, 5.0",
    "5e0, 5.0",
    "1.00000000000000000001, 1.0",
    "9007199254740993.0, 9.007199254740992E15",
    "1e-999, 0.0",
    "1e999, \"Infinity\"",
    "-1e999, \"-Infinity\""
  })
  void numberWithPointOrExponentIsTheNearestDouble(String written, String kept) {
    assertEquals("{\"latitude\":" + kept + "}\n", landed("{\"latitude\": " + written + "}"));
  }

  @ParameterizedTest
  @CsvSource({
    "a\\ud800b, a\\uD800b",
    "a\\udc00, a\\uDC00",
    "\\ude00\\ud83d, \\uDE00\\uD83D",
    "a\\u0000b, a\\u0000b",
    "18446744073709551617, 18446744073709551617"
  })
  void textIsKept(String written, String kept) {
    assertEquals("{\"title\":\"" + kept + "\"}\n", landed("{\"title\": \"" + written + "\"}"));
  }

  @Test
  void ofTwoEqualNamesTheLastIsKept() {
    assertEquals("{\"index\":2}\n", landed("{\"index\": 1, \"index\": 2}"));
  }

  /** The worker makes dead letters of these. */
  @ParameterizedTest
  @ValueSource(strings = {"{\"index\": NaN}", "{\"title\": \"a\u0000b\"}", "{\"index\": 1"})
  void whatIsNoJsonIsRefused(String text) {
    assertThrows(DataException.class, () -> landed(text));
  }

  static Stream<String> beyondTheParsersLimits() {
    return Stream.of("1".repeat(1001), "[".repeat(1001) + "]".repeat(1001), "{\"" + "n".repeat(50_001) + "\":1}");
  }

  @ParameterizedTest
  @MethodSource("beyondTheParsersLimits")
  void whatIsBeyondTheParsersLimitsIsRefused(String value) {
    assertThrows(DataException.class, () -> landed("{\"title\": " + value + "}"));
  }
}
