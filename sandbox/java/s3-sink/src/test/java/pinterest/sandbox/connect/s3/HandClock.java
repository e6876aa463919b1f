package pinterest.sandbox.connect.s3;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;

/** A clock that is moved by hand. */
final class HandClock extends Clock {

  private Instant now;

  HandClock(String start) {
    now = Instant.parse(start);
  }

  void advance(long milliseconds) {
    now = now.plusMillis(milliseconds);
  }

  @Override
  public Instant instant() {
    return now;
  }

  @Override
  public ZoneId getZone() {
    return ZoneOffset.UTC;
  }

  @Override
  public Clock withZone(ZoneId zone) {
    return this;
  }
}
