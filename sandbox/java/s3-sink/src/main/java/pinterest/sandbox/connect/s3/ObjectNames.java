package pinterest.sandbox.connect.s3;

import org.apache.kafka.common.TopicPartition;

/**
 * Keys of the objects: {@code topics/<topic>/partition=<p>/<topic>+<p>+<first offset>.json}.
 *
 * @param topicsDir top folder; none when blank
 * @param directoryDelimiter separator of folders
 * @param fileDelimiter separator in the name
 * @param padWidth digits of the offset; 0 is no padding
 */
record ObjectNames(String topicsDir, String directoryDelimiter, String fileDelimiter, int padWidth) {

  /** The key of the object whose first record has {@code firstOffset}. */
  String key(TopicPartition partition, long firstOffset) {
    String offset = padWidth == 0 ? Long.toString(firstOffset) : String.format("%0" + padWidth + "d", firstOffset);
    String name = String.join(
        fileDelimiter, partition.topic(), Integer.toString(partition.partition()), offset) + ".json";
    String path = String.join(
        directoryDelimiter, partition.topic(), "partition=" + partition.partition(), name);
    return topicsDir.isBlank() ? path : topicsDir + directoryDelimiter + path;
  }
}
