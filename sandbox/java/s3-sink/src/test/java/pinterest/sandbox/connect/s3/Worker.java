package pinterest.sandbox.connect.s3;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.metrics.PluginMetrics;
import org.apache.kafka.connect.sink.ErrantRecordReporter;
import org.apache.kafka.connect.sink.SinkRecord;
import org.apache.kafka.connect.sink.SinkTaskContext;

/** What a task sees of its worker. */
final class Worker implements SinkTaskContext {

  final Set<TopicPartition> partitions;
  final List<SinkRecord> deadLetters = new ArrayList<>();
  final Map<TopicPartition, Long> rewinds = new HashMap<>();
  boolean hasDeadLetters = true;
  long timeoutMs = -1;

  Worker(TopicPartition... partitions) {
    this.partitions = Set.of(partitions);
  }

  @Override
  public ErrantRecordReporter errantRecordReporter() {
    if (!hasDeadLetters) {
      return null;
    }
    return (record, error) -> {
      deadLetters.add(record);
      Future<Void> done = CompletableFuture.completedFuture(null);
      return done;
    };
  }

  @Override
  public Set<TopicPartition> assignment() {
    return partitions;
  }

  @Override
  public void timeout(long timeoutMs) {
    this.timeoutMs = timeoutMs;
  }

  @Override
  public Map<String, String> configs() {
    return Map.of();
  }

  @Override
  public void offset(Map<TopicPartition, Long> offsets) {
    rewinds.putAll(offsets);
  }

  @Override
  public void offset(TopicPartition partition, long offset) {
    rewinds.put(partition, offset);
  }

  @Override
  public void pause(TopicPartition... partitions) {}

  @Override
  public void resume(TopicPartition... partitions) {}

  @Override
  public void requestCommit() {}

  @Override
  public PluginMetrics pluginMetrics() {
    throw new UnsupportedOperationException("the sink has no metrics of its own");
  }
}
