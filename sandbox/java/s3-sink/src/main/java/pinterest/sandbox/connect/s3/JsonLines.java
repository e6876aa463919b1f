package pinterest.sandbox.connect.s3;

import java.util.Map;
import org.apache.kafka.connect.json.JsonConverter;
import org.apache.kafka.connect.sink.SinkRecord;

/** Writes a record's value as one line of JSON. */
final class JsonLines {

  private final JsonConverter converter = new JsonConverter();

  /**
   * Makes a format.
   *
   * @param decimalFormat {@code BASE64} or {@code NUMERIC}
   */
  JsonLines(String decimalFormat) {
    converter.configure(Map.of("schemas.enable", "false", "decimal.format", decimalFormat), false);
  }

  /**
   * The value as JSON without line breaks, in UTF-8.
   *
   * @throws org.apache.kafka.connect.errors.DataException when JSON can't hold it
   */
  byte[] line(SinkRecord record) {
    return converter.fromConnectData(record.topic(), record.valueSchema(), record.value());
  }
}
