package pinterest.sandbox.connect.s3;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.errors.ConnectException;
import org.apache.kafka.connect.errors.RetriableException;
import org.apache.kafka.connect.sink.SinkRecord;
import org.junit.jupiter.api.Test;

class S3SinkTaskTest {

  private static final TopicPartition PIN = new TopicPartition("sandbox.pin", 0);
  private static final TopicPartition GEO = new TopicPartition("sandbox.geo", 1);

  private final MemoryStore store = new MemoryStore();
  private final Worker worker = new Worker(PIN, GEO);
  private final HandClock clock = new HandClock("2026-01-05T10:00:00Z");

  private S3SinkTask start(String... changes) {
    S3SinkTask task = new S3SinkTask(config -> store, clock);
    task.initialize(worker);
    task.start(Options.with(changes));
    return task;
  }

  private static SinkRecord record(TopicPartition partition, long offset, Object value) {
    return new SinkRecord(
        partition.topic(), partition.partition(), null, null, null, value, offset);
  }

  private static List<SinkRecord> pins(int first, int last) {
    return IntStream.rangeClosed(first, last)
        .mapToObj(offset -> record(PIN, offset, Map.of("index", (long) offset)))
        .toList();
  }

  private static Map<TopicPartition, OffsetAndMetadata> committed(TopicPartition partition, long offset) {
    return Map.of(partition, new OffsetAndMetadata(offset));
  }

  @Test
  void fullObjectIsWrittenAndItsOffsetsAreCommitted() {
    S3SinkTask task = start();
    task.put(pins(0, 3));
    assertEquals(
        Map.of(
            "topics/sandbox.pin/partition=0/sandbox.pin+0+0000000000.json",
            "{\"index\":0}\n{\"index\":1}\n{\"index\":2}\n"),
        store.objects);
    assertEquals(committed(PIN, 3), task.preCommit(committed(PIN, 4)));
  }

  @Test
  void nothingIsCommittedBeforeAnUpload() {
    S3SinkTask task = start();
    task.put(pins(0, 1));
    assertEquals(Map.of(), store.objects);
    assertEquals(Map.of(), task.preCommit(committed(PIN, 2)));
  }

  @Test
  void partitionsHaveObjectsOfTheirOwn() {
    S3SinkTask task = start("flush.size", "1");
    task.put(List.of(record(PIN, 7, Map.of("a", 1L)), record(GEO, 12, Map.of("b", 2L))));
    assertEquals(
        Set.of(
            "topics/sandbox.pin/partition=0/sandbox.pin+0+0000000007.json",
            "topics/sandbox.geo/partition=1/sandbox.geo+1+0000000012.json"),
        store.objects.keySet());
  }

  @Test
  void anotherTaskThatReadsTheSameRecordsWritesTheSameObjects() {
    start().put(pins(10, 20));
    Map<String, String> first = Map.copyOf(store.objects);
    store.objects.clear();
    S3SinkTask again = start();
    // The worker hands records in as they come: in other portions than the first time.
    again.put(pins(10, 11));
    again.put(pins(12, 20));
    assertEquals(first, store.objects);
    assertEquals(3, first.size());
  }

  @Test
  void scheduleClosesAnObjectThatIsNotFull() {
    S3SinkTask task = start("rotate.schedule.interval.ms", "1000", "timezone", "UTC");
    task.put(pins(0, 0));
    clock.advance(999);
    task.put(List.of());
    assertEquals(Map.of(), store.objects);
    clock.advance(1);
    task.put(List.of());
    assertEquals(
        Map.of("topics/sandbox.pin/partition=0/sandbox.pin+0+0000000000.json", "{\"index\":0}\n"),
        store.objects);
    assertEquals(committed(PIN, 1), task.preCommit(Map.of()));
  }

  @Test
  void recordThatComesAfterTheScheduledTimeBeginsANewObject() {
    S3SinkTask task = start("rotate.schedule.interval.ms", "1000", "timezone", "UTC");
    task.put(pins(0, 0));
    clock.advance(1500);
    task.put(pins(1, 1));
    assertEquals(
        List.of("topics/sandbox.pin/partition=0/sandbox.pin+0+0000000000.json"), store.puts);
    clock.advance(500);
    task.put(List.of());
    assertEquals("{\"index\":1}\n", store.objects.get(
        "topics/sandbox.pin/partition=0/sandbox.pin+0+0000000001.json"));
  }

  @Test
  void rotateIntervalAloneHasNoEffect() {
    S3SinkTask task = start("rotate.interval.ms", "1000");
    task.put(pins(0, 0));
    clock.advance(60_000);
    task.put(pins(1, 1));
    assertEquals(Map.of(), store.objects);
  }

  @Test
  void failedUploadIsTriedAgainAndLosesNothing() {
    S3SinkTask task = start("retry.backoff.ms", "700");
    store.failure = new RetriableException("503");
    List<SinkRecord> batch = pins(0, 4);
    assertThrows(RetriableException.class, () -> task.put(batch));
    assertEquals(700, worker.timeoutMs);
    assertEquals(Map.of(), task.preCommit(Map.of()));

    store.failure = null;
    task.put(batch);
    task.put(pins(5, 5));
    assertEquals(
        "{\"index\":0}\n{\"index\":1}\n{\"index\":2}\n{\"index\":3}\n{\"index\":4}\n{\"index\":5}\n",
        String.join("", store.objects.values()));
    assertEquals(committed(PIN, 6), task.preCommit(Map.of()));
  }

  @Test
  void batchHandedInAgainReportsNothingTwice() {
    S3SinkTask task = start();
    store.failure = new RetriableException("503");
    List<SinkRecord> batch =
        List.of(record(PIN, 0, null), record(PIN, 1, "a"), record(PIN, 2, "b"), record(PIN, 3, "c"));
    assertThrows(RetriableException.class, () -> task.put(batch));
    store.failure = null;
    task.put(batch);
    assertEquals(1, worker.deadLetters.size());
    assertEquals(
        Map.of("topics/sandbox.pin/partition=0/sandbox.pin+0+0000000001.json", "\"a\"\n\"b\"\n\"c\"\n"),
        store.objects);
  }

  @Test
  void refusedUploadFailsTheTask() {
    S3SinkTask task = start();
    store.failure = new ConnectException("Non-existent S3 bucket: gone");
    ConnectException error = assertThrows(ConnectException.class, () -> task.put(pins(0, 2)));
    assertEquals("Non-existent S3 bucket: gone", error.getMessage());
  }

  @Test
  void missingBucketFailsTheStart() {
    store.failure = new ConnectException("Non-existent S3 bucket: user-sandbox-bucket");
    assertThrows(ConnectException.class, this::start);
  }

  @Test
  void nullGoesToTheDeadLetters() {
    S3SinkTask task = start();
    task.put(List.of(record(PIN, 0, "a"), record(PIN, 1, null), record(PIN, 2, "b"), record(PIN, 3, "c")));
    assertEquals(List.of(1L), worker.deadLetters.stream().map(SinkRecord::kafkaOffset).toList());
    assertEquals(
        Map.of("topics/sandbox.pin/partition=0/sandbox.pin+0+0000000000.json", "\"a\"\n\"b\"\n\"c\"\n"),
        store.objects);
    assertEquals(committed(PIN, 4), task.preCommit(Map.of()));
  }

  @Test
  void nullIsLeftOutWithoutDeadLetters() {
    worker.hasDeadLetters = false;
    S3SinkTask task = start("flush.size", "1");
    task.put(List.of(record(PIN, 0, null), record(PIN, 1, "a")));
    assertEquals(1, store.objects.size());
  }

  @Test
  void nullIsNotReportedWhenThatIsSwitchedOff() {
    S3SinkTask task = start("report.null.values.to.dlq", "false");
    task.put(List.of(record(PIN, 0, null)));
    assertEquals(List.of(), worker.deadLetters);
  }

  @Test
  void nullFailsTheTaskWhenAskedTo() {
    S3SinkTask task = start("behavior.on.null.values", "FAIL");
    ConnectException error =
        assertThrows(ConnectException.class, () -> task.put(List.of(record(PIN, 5, null))));
    assertTrue(error.getMessage().contains("sandbox.pin-0 offset 5"), error.getMessage());
  }

  @Test
  void valueThatJsonCannotHoldGoesToTheDeadLetters() {
    S3SinkTask task = start("flush.size", "1");
    SinkRecord mismatch = new SinkRecord(
        PIN.topic(), 0, null, null, Schema.INT32_SCHEMA, "text, not a number", 0);
    task.put(List.of(mismatch, record(PIN, 1, "a")));
    assertEquals(List.of(mismatch), worker.deadLetters);
    assertEquals(Set.of("topics/sandbox.pin/partition=0/sandbox.pin+0+0000000001.json"), store.objects.keySet());
  }

  @Test
  void revokedPartitionIsDroppedAndReadAgainFromItsCommit() {
    S3SinkTask task = start();
    task.put(pins(0, 3));
    task.close(List.of(PIN, GEO));
    assertEquals(Map.of(), task.preCommit(Map.of()));
    task.open(List.of(PIN));
    task.put(pins(3, 5));
    assertEquals(
        "{\"index\":3}\n{\"index\":4}\n{\"index\":5}\n",
        store.objects.get("topics/sandbox.pin/partition=0/sandbox.pin+0+0000000003.json"));
  }

  @Test
  void recordOfAForeignPartitionIsAnError() {
    S3SinkTask task = start();
    SinkRecord foreign = record(new TopicPartition("other", 0), 0, "a");
    assertThrows(ConnectException.class, () -> task.put(List.of(foreign)));
  }

  @Test
  void textKeepsItsCharactersAndStaysOnOneLine() {
    S3SinkTask task = start("flush.size", "1");
    task.put(List.of(record(PIN, 0, Map.of("title", "Aydoğdu\n\u00a0\uD83D\uDE00"))));
    // Jackson escapes what is outside of Unicode's first plane, in Confluent's sink too: the same JSON value.
    assertEquals(
        "{\"title\":\"Aydoğdu\\n\u00a0\\uD83D\\uDE00\"}\n", store.objects.values().iterator().next());
  }
}
