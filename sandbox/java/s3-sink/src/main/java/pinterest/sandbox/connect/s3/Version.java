package pinterest.sandbox.connect.s3;

/** The version in the jar's manifest. */
final class Version {

  private Version() {}

  static String get() {
    String version = Version.class.getPackage().getImplementationVersion();
    return version == null ? "unpackaged" : version;
  }
}
