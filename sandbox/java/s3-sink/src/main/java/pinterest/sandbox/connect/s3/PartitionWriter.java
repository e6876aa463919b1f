package pinterest.sandbox.connect.s3;

import java.io.ByteArrayOutputStream;
import java.util.OptionalLong;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Collects the lines of one topic partition and uploads them as objects.
 *
 * <p>A failed upload leaves everything as it was: the next call tries it again, under the same key.
 */
final class PartitionWriter {

  private static final Logger log = LoggerFactory.getLogger(PartitionWriter.class);

  private final TopicPartition partition;
  private final ObjectStore store;
  private final ObjectNames names;
  private final RotationSchedule schedule;
  private final int flushSize;

  private final ByteArrayOutputStream lines = new ByteArrayOutputStream();
  private int count;
  private long firstOffset;
  private long lastOffset;
  private long nextRotation;
  private long nextOffset = -1;
  private OptionalLong committable = OptionalLong.empty();

  PartitionWriter(
      TopicPartition partition,
      ObjectStore store,
      ObjectNames names,
      RotationSchedule schedule,
      int flushSize,
      long nowMs) {
    this.partition = partition;
    this.store = store;
    this.names = names;
    this.schedule = schedule;
    this.flushSize = flushSize;
    this.nextRotation = schedule.next(nowMs);
  }

  /** Whether the record at {@code offset} came already: after a failure the worker hands the batch in again. */
  boolean hasSeen(long offset) {
    return offset < nextOffset;
  }

  /** Leaves out the record at {@code offset}: it is in no object. */
  void skip(long offset) {
    nextOffset = offset + 1;
  }

  /** Adds one line; what is due is uploaded before it. */
  void append(long offset, byte[] line, long nowMs) {
    uploadIfDue(nowMs);
    if (count == 0) {
      firstOffset = offset;
    }
    lines.writeBytes(line);
    lines.write('\n');
    count++;
    lastOffset = offset;
    nextOffset = offset + 1;
    uploadIfFull();
  }

  /** Uploads the open object when it is full or its time has come. */
  void uploadIfDue(long nowMs) {
    uploadIfFull();
    if (nowMs >= nextRotation) {
      if (count > 0) {
        upload();
      }
      nextRotation = schedule.next(nowMs);
    }
  }

  /** The offset after the last uploaded record; empty before the first upload. */
  OptionalLong committable() {
    return committable;
  }

  private void uploadIfFull() {
    if (count >= flushSize) {
      upload();
    }
  }

  private void upload() {
    String key = names.key(partition, firstOffset);
    store.put(key, lines.toByteArray());
    log.info("Wrote {}: {} records, offsets {} to {}", key, count, firstOffset, lastOffset);
    committable = OptionalLong.of(lastOffset + 1);
    lines.reset();
    count = 0;
  }
}
