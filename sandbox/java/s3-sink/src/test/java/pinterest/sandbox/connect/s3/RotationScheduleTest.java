package pinterest.sandbox.connect.s3;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Instant;
import java.time.ZoneId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RotationScheduleTest {

  @ParameterizedTest
  @CsvSource({
    "1000, UTC, 2026-01-05T10:00:00.400Z, 2026-01-05T10:00:01Z",
    "1000, UTC, 2026-01-05T10:00:01Z, 2026-01-05T10:00:02Z",
    "600000, UTC, 2026-01-05T10:07:30Z, 2026-01-05T10:10:00Z",
    // Seven hours do not divide a day: the last part ends at midnight.
    "25200000, UTC, 2026-01-05T22:00:00Z, 2026-01-06T00:00:00Z",
    // A day from midnight in Paris, an hour ahead of UTC in winter.
    "86400000, Europe/Paris, 2026-01-05T22:30:00Z, 2026-01-05T23:00:00Z",
  })
  void momentsAreMultiplesOfTheIntervalSinceMidnight(long interval, String zone, Instant now, Instant next) {
    RotationSchedule schedule = new RotationSchedule(interval, ZoneId.of(zone));
    assertEquals(next, Instant.ofEpochMilli(schedule.next(now.toEpochMilli())));
  }

  @Test
  void withoutAnIntervalItNeverComes() {
    assertEquals(Long.MAX_VALUE, new RotationSchedule(-1, ZoneId.of("UTC")).next(0));
  }
}
