package pinterest.sandbox.connect.s3;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.kafka.connect.errors.ConnectException;
import org.apache.kafka.connect.errors.RetriableException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class S3ObjectStoreTest {

  private record Request(String method, String path, byte[] body) {}

  private final List<Request> requests = new CopyOnWriteArrayList<>();
  private HttpServer server;
  private volatile int status = 200;
  private volatile String errorCode = "";

  @BeforeEach
  void startServer() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::answer);
    server.start();
  }

  @AfterEach
  void stopServer() {
    server.stop(0);
  }

  private void answer(HttpExchange exchange) throws IOException {
    byte[] body = exchange.getRequestBody().readAllBytes();
    requests.add(new Request(exchange.getRequestMethod(), exchange.getRequestURI().getRawPath(), body));
    byte[] error =
        status == 200 || exchange.getRequestMethod().equals("HEAD")
            ? new byte[0]
            : ("<Error><Code>" + errorCode + "</Code><Message>told so</Message></Error>")
                .getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, error.length == 0 ? -1 : error.length);
    exchange.getResponseBody().write(error);
    exchange.close();
  }

  private S3ObjectStore store() {
    return new S3ObjectStore(
        new S3SinkConfig(
            Options.with(
                "store.url", "http://127.0.0.1:" + server.getAddress().getPort(),
                "aws.access.key.id", "key",
                "aws.secret.access.key", "secret",
                "s3.part.retries", "0")));
  }

  @Test
  void objectArrivesUnderItsKeyAsItIs() {
    byte[] content = "{\"index\":1}\n".getBytes(StandardCharsets.UTF_8);
    try (S3ObjectStore store = store()) {
      store.put("topics/sandbox.pin/partition=0/sandbox.pin+0+0000000000.json", content);
    }
    Request put = requests.get(0);
    assertEquals("PUT", put.method());
    assertEquals(
        "/user-sandbox-bucket/topics/sandbox.pin/partition%3D0/sandbox.pin%2B0%2B0000000000.json", put.path());
    assertArrayEquals(content, put.body());
  }

  @ParameterizedTest
  @CsvSource({
    "500, InternalError, true",
    "503, SlowDown, true",
    "429, TooManyRequests, true",
    "400, RequestTimeout, true",
    "403, AccessDenied, false",
    "404, NoSuchBucket, false",
    "400, InvalidRequest, false",
  })
  void passingErrorsAreTriedAgainOthersAreNot(int answer, String code, boolean passing) {
    status = answer;
    errorCode = code;
    try (S3ObjectStore store = store()) {
      ConnectException error = assertThrows(ConnectException.class, () -> store.put("key", new byte[] {1}));
      assertEquals(passing, error instanceof RetriableException, error.getMessage());
    }
  }

  @Test
  void unreachableStoreIsTriedAgain() {
    try (S3ObjectStore store = store()) {
      server.stop(0);
      assertThrows(RetriableException.class, () -> store.put("key", new byte[] {1}));
      // Uploads are tried again anyhow: a task that starts while S3 is away must not fail for good.
      store.checkBucket();
    }
  }

  @Test
  void missingBucketIsNamed() {
    status = 404;
    errorCode = "NoSuchBucket";
    try (S3ObjectStore store = store()) {
      ConnectException atStart = assertThrows(ConnectException.class, store::checkBucket);
      assertEquals("Non-existent S3 bucket: user-sandbox-bucket", atStart.getMessage());
      ConnectException atUpload = assertThrows(ConnectException.class, () -> store.put("key", new byte[] {1}));
      assertEquals("Non-existent S3 bucket: user-sandbox-bucket", atUpload.getMessage());
      assertFalse(atUpload instanceof RetriableException);
    }
  }

  @Test
  void forbiddenBucketFailsTheStart() {
    status = 403;
    try (S3ObjectStore store = store()) {
      ConnectException error = assertThrows(ConnectException.class, store::checkBucket);
      assertTrue(error.getMessage().startsWith("S3 bucket user-sandbox-bucket can't be used"));
    }
  }
}
