package pinterest.sandbox.connect.s3;

import java.util.HashMap;
import java.util.Map;

/** Connector options for tests. */
final class Options {

  private Options() {}

  /** The options a connector can't do without, changed by name, value, name, value; null removes one. */
  static Map<String, String> with(String... changes) {
    Map<String, String> options =
        new HashMap<>(
            Map.of(
                "s3.bucket.name", "user-sandbox-bucket",
                "s3.region", "us-east-1",
                "flush.size", "3",
                "format.class", "io.confluent.connect.s3.format.json.JsonFormat",
                "storage.class", "io.confluent.connect.s3.storage.S3Storage"));
    for (int i = 0; i < changes.length; i += 2) {
      if (changes[i + 1] == null) {
        options.remove(changes[i]);
      } else {
        options.put(changes[i], changes[i + 1]);
      }
    }
    return options;
  }
}
