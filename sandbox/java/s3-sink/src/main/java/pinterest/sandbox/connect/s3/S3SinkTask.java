package pinterest.sandbox.connect.s3;

import java.time.Clock;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.connect.errors.ConnectException;
import org.apache.kafka.connect.errors.DataException;
import org.apache.kafka.connect.errors.RetriableException;
import org.apache.kafka.connect.sink.ErrantRecordReporter;
import org.apache.kafka.connect.sink.SinkRecord;
import org.apache.kafka.connect.sink.SinkTask;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the records of its partitions to S3.
 *
 * <p>An offset is committed after its record's object was uploaded, never before. Records that were collected
 * but not uploaded when the task ends are read again by the next one, and land under the same key.
 */
public final class S3SinkTask extends SinkTask {

  private static final Logger log = LoggerFactory.getLogger(S3SinkTask.class);

  private final Map<TopicPartition, PartitionWriter> writers = new HashMap<>();
  private final Function<S3SinkConfig, ObjectStore> storeFactory;
  private final Clock clock;

  private S3SinkConfig config;
  private ObjectStore store;
  private JsonLines format;
  private ErrantRecordReporter reporter;

  /** The constructor that the worker calls. */
  public S3SinkTask() {
    this(S3ObjectStore::new, Clock.systemUTC());
  }

  S3SinkTask(Function<S3SinkConfig, ObjectStore> storeFactory, Clock clock) {
    this.storeFactory = storeFactory;
    this.clock = clock;
  }

  @Override
  public String version() {
    return Version.get();
  }

  @Override
  public void start(Map<String, String> properties) {
    config = new S3SinkConfig(properties);
    if (config.getLong(S3SinkConfig.ROTATE_INTERVAL) > 0) {
      log.warn("{} has no effect: records are not partitioned by time", S3SinkConfig.ROTATE_INTERVAL);
    }
    format = new JsonLines(config.getString(S3SinkConfig.DECIMAL_FORMAT));
    reporter = context.errantRecordReporter();
    store = storeFactory.apply(config);
    store.checkBucket();
    open(context.assignment());
  }

  @Override
  public void open(Collection<TopicPartition> partitions) {
    for (TopicPartition partition : partitions) {
      writers.put(
          partition,
          new PartitionWriter(
              partition,
              store,
              config.objectNames(),
              config.rotationSchedule(),
              config.getInt(S3SinkConfig.FLUSH_SIZE),
              clock.millis()));
    }
  }

  @Override
  public void close(Collection<TopicPartition> partitions) {
    partitions.forEach(writers::remove);
  }

  @Override
  public void put(Collection<SinkRecord> records) {
    try {
      records.forEach(this::add);
      long now = clock.millis();
      writers.values().forEach(writer -> writer.uploadIfDue(now));
    } catch (RetriableException failure) {
      // The worker pauses, then hands the same records in again.
      context.timeout(config.getLong(S3SinkConfig.RETRY_BACKOFF));
      throw failure;
    }
  }

  @Override
  public Map<TopicPartition, OffsetAndMetadata> preCommit(Map<TopicPartition, OffsetAndMetadata> current) {
    Map<TopicPartition, OffsetAndMetadata> uploaded = new HashMap<>();
    writers.forEach(
        (partition, writer) ->
            writer.committable()
                .ifPresent(offset -> uploaded.put(partition, new OffsetAndMetadata(offset))));
    return uploaded;
  }

  @Override
  public void stop() {
    if (store != null) {
      store.close();
    }
  }

  private void add(SinkRecord record) {
    TopicPartition partition = new TopicPartition(record.topic(), record.kafkaPartition());
    PartitionWriter writer = writers.get(partition);
    if (writer == null) {
      throw new ConnectException(
          "A record of " + partition + " came, which is not one of this task's: " + writers.keySet());
    }
    long offset = record.kafkaOffset();
    if (writer.hasSeen(offset)) {
      return;
    }
    if (record.value() == null) {
      skipNull(record);
      writer.skip(offset);
      return;
    }
    byte[] line;
    try {
      line = format.line(record);
    } catch (DataException unreadable) {
      report(record, unreadable);
      writer.skip(offset);
      return;
    }
    writer.append(offset, line, clock.millis());
  }

  private void skipNull(SinkRecord record) {
    if (config.failsOnNull()) {
      throw new ConnectException(
          "Null valued records are not writeable with " + S3SinkConfig.NULL_VALUES + "=fail: " + place(record));
    }
    if (reporter != null && config.getBoolean(S3SinkConfig.REPORT_NULLS)) {
      reporter.report(record, new DataException("Skipping null value record."));
    } else {
      log.warn("A null value was left out: {}", place(record));
    }
  }

  private void report(SinkRecord record, DataException reason) {
    if (reporter == null) {
      throw new ConnectException("Not writeable as JSON: " + place(record), reason);
    }
    reporter.report(record, reason);
  }

  private static String place(SinkRecord record) {
    return record.topic() + "-" + record.kafkaPartition() + " offset " + record.kafkaOffset();
  }
}
