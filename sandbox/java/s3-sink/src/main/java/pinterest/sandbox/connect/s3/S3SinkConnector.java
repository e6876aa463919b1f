package pinterest.sandbox.connect.s3;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.config.Config;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigValue;
import org.apache.kafka.connect.connector.Task;
import org.apache.kafka.connect.sink.SinkConnector;

/** Writes the records of Kafka topics to S3 as JSON lines, in the object layout of Confluent's S3 sink. */
public final class S3SinkConnector extends SinkConnector {

  private Map<String, String> properties = Map.of();

  @Override
  public String version() {
    return Version.get();
  }

  @Override
  public void start(Map<String, String> props) {
    new S3SinkConfig(props);
    properties = Map.copyOf(props);
  }

  @Override
  public Class<? extends Task> taskClass() {
    return S3SinkTask.class;
  }

  @Override
  public List<Map<String, String>> taskConfigs(int maxTasks) {
    return Collections.nCopies(maxTasks, properties);
  }

  @Override
  public void stop() {
    properties = Map.of();
  }

  @Override
  public ConfigDef config() {
    return S3SinkConfig.DEFINITION;
  }

  /** Checks each option by itself, then those that depend on another. */
  @Override
  public Config validate(Map<String, String> props) {
    Config result = super.validate(props);
    S3SinkConfig.crossCheck(props)
        .forEach((option, message) ->
            result.configValues().stream()
                .filter(value -> value.name().equals(option))
                .findFirst()
                .ifPresent((ConfigValue value) -> value.addErrorMessage(message)));
    return result;
  }
}
