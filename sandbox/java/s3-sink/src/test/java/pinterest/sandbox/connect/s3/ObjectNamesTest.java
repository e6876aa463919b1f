package pinterest.sandbox.connect.s3;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ObjectNamesTest {

  @ParameterizedTest
  @CsvSource({
    "topics, /, +, 10, topics/sandbox.pin/partition=2/sandbox.pin+2+0000000042.json",
    "'', /, +, 10, sandbox.pin/partition=2/sandbox.pin+2+0000000042.json",
    "raw/kafka, /, -, 0, raw/kafka/sandbox.pin/partition=2/sandbox.pin-2-42.json",
    "topics, _, +, 3, topics_sandbox.pin_partition=2_sandbox.pin+2+042.json",
  })
  void keyHasTheLayoutOfConfluentsSink(String dir, String folders, String files, int width, String key) {
    ObjectNames names = new ObjectNames(dir, folders, files, width);
    assertEquals(key, names.key(new TopicPartition("sandbox.pin", 2), 42));
  }
}
