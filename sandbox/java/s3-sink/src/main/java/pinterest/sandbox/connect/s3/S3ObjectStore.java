package pinterest.sandbox.connect.s3;

import java.util.Set;
import org.apache.kafka.connect.errors.ConnectException;
import org.apache.kafka.connect.errors.RetriableException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.retries.StandardRetryStrategy;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3ClientBuilder;

/** A bucket of S3, or of anything that speaks its protocol. */
final class S3ObjectStore implements ObjectStore {

  private static final Logger log = LoggerFactory.getLogger(S3ObjectStore.class);
  private static final Set<String> PASSING_ERRORS =
      Set.of("RequestTimeout", "RequestTimeTooSkewed", "SlowDown", "Throttling", "OperationAborted");

  private final String bucket;
  private final S3Client client;

  S3ObjectStore(S3SinkConfig config) {
    bucket = config.bucket();
    S3ClientBuilder builder =
        S3Client.builder()
            .httpClientBuilder(UrlConnectionHttpClient.builder())
            .region(Region.of(config.getString(S3SinkConfig.REGION)))
            .credentialsProvider(credentials(config))
            .forcePathStyle(config.getBoolean(S3SinkConfig.PATH_STYLE))
            .serviceConfiguration(service -> service.chunkedEncodingEnabled(false))
            .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
            .overrideConfiguration(
                override -> override.retryStrategy(
                    StandardRetryStrategy.builder()
                        .maxAttempts(1 + config.getInt(S3SinkConfig.PART_RETRIES))
                        .build()));
    config.endpoint().ifPresent(builder::endpointOverride);
    client = builder.build();
  }

  @Override
  public void checkBucket() {
    try {
      client.headBucket(request -> request.bucket(bucket));
    } catch (AwsServiceException answer) {
      if (answer.statusCode() == 404) {
        throw new ConnectException("Non-existent S3 bucket: " + bucket, answer);
      }
      if (!isPassing(answer)) {
        throw new ConnectException("S3 bucket " + bucket + " can't be used: " + answer.getMessage(), answer);
      }
      log.warn("S3 could not be asked for bucket {}; uploads will show", bucket, answer);
    } catch (SdkException unreachable) {
      log.warn("S3 could not be asked for bucket {}; uploads will show", bucket, unreachable);
    }
  }

  @Override
  public void put(String key, byte[] content) {
    try {
      client.putObject(request -> request.bucket(bucket).key(key), RequestBody.fromBytes(content));
    } catch (SdkException failure) {
      throw translate(key, failure);
    }
  }

  @Override
  public void close() {
    client.close();
  }

  private ConnectException translate(String key, SdkException failure) {
    String place = "s3://" + bucket + "/" + key;
    if (failure instanceof AwsServiceException answer && !isPassing(answer)) {
      String reason = "NoSuchBucket".equals(errorCode(answer))
          ? "Non-existent S3 bucket: " + bucket
          : "S3 refused " + place + ": " + answer.getMessage();
      return new ConnectException(reason, failure);
    }
    return new RetriableException("Upload of " + place + " failed, it will be tried again", failure);
  }

  static boolean isPassing(AwsServiceException answer) {
    int status = answer.statusCode();
    return status >= 500 || status == 429 || status == 408 || PASSING_ERRORS.contains(errorCode(answer));
  }

  private static String errorCode(AwsServiceException answer) {
    return answer.awsErrorDetails() == null ? "" : String.valueOf(answer.awsErrorDetails().errorCode());
  }

  private static AwsCredentialsProvider credentials(S3SinkConfig config) {
    String accessKey = config.getString(S3SinkConfig.ACCESS_KEY);
    if (accessKey.isBlank()) {
      return DefaultCredentialsProvider.builder().build();
    }
    return StaticCredentialsProvider.create(
        AwsBasicCredentials.create(accessKey, config.getPassword(S3SinkConfig.SECRET_KEY).value()));
  }
}
