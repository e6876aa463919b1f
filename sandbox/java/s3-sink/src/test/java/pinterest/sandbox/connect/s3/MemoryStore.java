package pinterest.sandbox.connect.s3;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.connect.errors.ConnectException;

/** A bucket in memory. */
final class MemoryStore implements ObjectStore {

  final Map<String, String> objects = new TreeMap<>();
  final List<String> puts = new ArrayList<>();
  ConnectException failure;

  @Override
  public void checkBucket() {
    if (failure != null) {
      throw failure;
    }
  }

  @Override
  public void put(String key, byte[] content) {
    if (failure != null) {
      throw failure;
    }
    puts.add(key);
    objects.put(key, new String(content, StandardCharsets.UTF_8));
  }

  @Override
  public void close() {}
}
