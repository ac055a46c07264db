#!/usr/bin/env python3
"""How many requests of one program are under way at the same time: as many as the settings say, and no more."""
import http.server
import os
import sys
import threading
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True
from cli_case import Case, LIMIT  # pylint: disable=wrong-import-position


class Meeting(http.server.BaseHTTPRequestHandler):
    """Answers a PUT when as many as are expected wait with it."""

    protocol_version = "HTTP/1.1"

    def do_PUT(self):  # pylint: disable=invalid-name
        self.rfile.read(int(self.headers["Content-Length"]))
        meeting = self.server
        with meeting.changed:
            meeting.here += 1
            meeting.most = max(meeting.most, meeting.here)
            meeting.waiting += 1
            if meeting.waiting == meeting.expected:
                meeting.waiting = 0
                meeting.round += 1
                meeting.changed.notify_all()
            else:
                now = meeting.round
                meeting.alone |= not meeting.changed.wait_for(lambda: meeting.round > now, LIMIT / 4)
            meeting.here -= 1
        self.send_response(200)
        self.send_header("ETag", '"0"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Endpoint(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, expected):
        super().__init__(("127.0.0.1", 0), Meeting)
        self.changed = threading.Condition()
        self.expected, self.here, self.most, self.waiting, self.round, self.alone = expected, 0, 0, 0, 0, False


class InFlight(Case):
    def check(self, n):
        endpoint = Endpoint(n)
        threading.Thread(target=endpoint.serve_forever, daemon=True).start()
        self.env.update(AWS_ENDPOINT_URL=f"http://127.0.0.1:{endpoint.server_address[1]}", AWS_ACCESS_KEY_ID="k",
                        AWS_SECRET_ACCESS_KEY="s")
        for i in range(4 * n):
            self.write(f"many{n}/{i}", str(i))
        self.ok("s3", "cp", "--recursive", "--no-progress", f"many{n}", f"s3://lake/many{n}")
        endpoint.shutdown()
        endpoint.server_close()
        self.assertEqual((endpoint.most, endpoint.round, endpoint.alone), (n, 4, False))

    def test_as_many_as_the_variable_says(self):
        for n in (1, 3, 16):
            with self.subTest(n=n):
                self.env["NEURALAKE_MAX_IN_FLIGHT"] = str(n)
                self.check(n)

    def test_as_many_as_the_profile_says(self):
        self.env["AWS_CONFIG_FILE"] = self.write("config", "[default]\ns3 =\n  max_concurrent_requests = 5\n")
        self.check(5)

    def test_a_number_that_is_none(self):
        self.env["NEURALAKE_MAX_IN_FLIGHT"] = "many"
        self.fails(1, ["s3", "ls", "s3://lake"], "NEURALAKE_MAX_IN_FLIGHT", "from 1 to 4096", '"many"')


if __name__ == "__main__":
    unittest.main()
