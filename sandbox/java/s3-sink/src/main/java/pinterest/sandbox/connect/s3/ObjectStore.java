package pinterest.sandbox.connect.s3;

/** The bucket that objects are written to. */
interface ObjectStore extends AutoCloseable {

  /**
   * Makes sure that the bucket can be written to.
   *
   * @throws org.apache.kafka.connect.errors.ConnectException when the store answers that it can't
   */
  void checkBucket();

  /**
   * Writes one object; one with this key is replaced.
   *
   * @throws org.apache.kafka.connect.errors.RetriableException when trying again later may help
   * @throws org.apache.kafka.connect.errors.ConnectException when it will not
   */
  void put(String key, byte[] content);

  @Override
  void close();
}
