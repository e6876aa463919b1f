package pinterest.sandbox.connect.s3;

import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;

/**
 * Moments at which open objects are written: multiples of an interval since midnight.
 *
 * @param intervalMs milliseconds; 0 or less is never
 * @param zone whose midnight
 */
record RotationSchedule(long intervalMs, ZoneId zone) {

  /** The first such moment after {@code nowMs}; {@link Long#MAX_VALUE} without a schedule. */
  long next(long nowMs) {
    if (intervalMs <= 0) {
      return Long.MAX_VALUE;
    }
    ZonedDateTime now = Instant.ofEpochMilli(nowMs).atZone(zone);
    long midnight = now.toLocalDate().atStartOfDay(zone).toInstant().toEpochMilli();
    long nextMidnight = now.toLocalDate().plusDays(1).atStartOfDay(zone).toInstant().toEpochMilli();
    long passed = (nowMs - midnight) / intervalMs;
    return Math.min(midnight + (passed + 1) * intervalMs, nextMidnight);
  }
}
