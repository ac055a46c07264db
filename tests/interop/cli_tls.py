#!/usr/bin/env python3
"""The s3 commands over https: whom they trust, and HTTP/2 where the endpoint speaks it.

For HTTP/2 an endpoint of our own stands before the server: it speaks nothing else (package h2), counts connections and
streams, and passes every request on.
"""
import http.client
import os
import shutil
import socketserver
import ssl
import subprocess
import sys
import threading
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True
from cli_case import Server  # pylint: disable=wrong-import-position

try:
    import h2.config
    import h2.connection
    import h2.events
except ImportError:
    h2 = None


def certificate(folder, name, *alternatives):
    """A key and a certificate signed by itself, for these names."""
    paths = [os.path.join(folder, f"{name}.{kind}") for kind in ("key", "crt")]
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj", f"/CN={name}", "-addext", "subjectAltName=" + ",".join(alternatives), "-keyout", paths[0],
                    "-out", paths[1]], check=True, capture_output=True)
    return paths


class Stream:
    """A request as it comes in, its answer as it goes out."""

    def __init__(self, headers):
        self.headers = [(k.decode(), v.decode()) for k, v in headers]
        self.body = bytearray()
        self.answer = b""


class Http2(socketserver.BaseRequestHandler):
    """One connection; its requests are passed on one after another."""

    def handle(self):
        try:
            tls = self.server.context.wrap_socket(self.request, server_side=True)
        except (ssl.SSLError, OSError):
            return
        self.server.protocols.append(tls.selected_alpn_protocol())
        state = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        state.initiate_connection()
        streams = {}
        try:
            tls.sendall(state.data_to_send())
            while data := tls.recv(65536):
                for event in state.receive_data(data):
                    self.take(state, streams, event)
                self.flush(state, streams)
                tls.sendall(state.data_to_send())
        except OSError:
            pass  # the program has ended
        finally:
            tls.close()

    def take(self, state, streams, event):
        if isinstance(event, h2.events.RequestReceived):
            streams[event.stream_id] = Stream(event.headers)
        elif isinstance(event, h2.events.DataReceived):
            streams[event.stream_id].body += event.data
            state.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded):
            self.pass_on(state, streams[event.stream_id], event.stream_id)
        elif isinstance(event, h2.events.StreamReset):
            streams.pop(event.stream_id, None)

    def pass_on(self, state, stream, number):
        asked = dict(stream.headers)
        headers = {k: v for k, v in stream.headers if not k.startswith(":")} | {"host": asked[":authority"]}
        behind = http.client.HTTPConnection("127.0.0.1", self.server.behind)
        behind.request(asked[":method"], asked[":path"], bytes(stream.body) or None, headers)
        answer = behind.getresponse()
        stream.answer = answer.read()
        kept = [(k.lower(), v) for k, v in answer.getheaders() if k.lower() not in ("connection", "keep-alive", "transfer-encoding")]
        state.send_headers(number, [(":status", str(answer.status)), *kept], end_stream=not stream.answer)
        behind.close()
        self.server.streams += 1

    @staticmethod
    def flush(state, streams):
        """As much of the answers as the windows take."""
        for number, stream in list(streams.items()):
            while stream.answer and state.local_flow_control_window(number) > 0:
                n = min(state.local_flow_control_window(number), state.max_outbound_frame_size, len(stream.answer))
                state.send_data(number, stream.answer[:n], end_stream=n == len(stream.answer))
                stream.answer = stream.answer[n:]


class Endpoint(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, behind, key, crt):
        super().__init__(("127.0.0.1", 0), Http2)
        self.behind, self.protocols, self.streams = behind, [], 0
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(crt, key)
        self.context.set_alpn_protocols(["h2"])


@unittest.skipUnless(shutil.which("openssl"), "openssl is not installed")
class Trust(Server):
    def setUp(self):
        super().setUp()
        for name in ("AWS_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE"):
            self.env.pop(name, None)
        self.ok("s3", "mb", "s3://lake")

    def serve_tls(self, key, crt):
        credentials = self.write("keys.yaml", f"- {{access_key: {self.env['AWS_ACCESS_KEY_ID']}, "
                                              f"secret_key: {self.env['AWS_SECRET_ACCESS_KEY']}}}\n")
        os.chmod(credentials, 0o600)
        p = self.start("s3", "serve", "--root", "other", "--listen", "127.0.0.1:0", "--tls-cert", crt, "--tls-key", key,
                       "--credentials", credentials)
        line = p.stdout.readline().decode()
        self.assertRegex(line, r"^listening on https://127\.0\.0\.1:\d+\n$")
        return line.split()[-1]

    def test_only_whom_the_bundle_names(self):
        url = self.serve_tls(*certificate(self.folder, "good", "IP:127.0.0.1", "DNS:localhost"))
        self.env["AWS_ENDPOINT_URL"] = url
        self.fails(1, ["s3", "ls", "s3://lake"], url, "certificate")
        self.env["AWS_CA_BUNDLE"] = self.path("missing.crt")
        self.fails(1, ["s3", "ls", "s3://lake"], "missing.crt")
        self.env["AWS_CA_BUNDLE"] = self.path("good.crt")
        self.ok("s3", "mb", "s3://lake")
        self.write("x", os.urandom(20_000_000))
        self.ok("s3", "cp", "--no-progress", "x", "s3://lake/x")
        self.ok("s3", "cp", "--no-progress", "s3://lake/x", "y")
        self.assertEqual(self.read("x"), self.read("y"))

    def test_not_under_another_name(self):
        self.env["AWS_ENDPOINT_URL"] = self.serve_tls(*certificate(self.folder, "other", "DNS:lake.example"))
        self.env["AWS_CA_BUNDLE"] = self.path("other.crt")
        self.fails(1, ["s3", "ls", "s3://lake"], self.env["AWS_ENDPOINT_URL"], "127.0.0.1")

    @unittest.skipUnless(h2, "the Python package h2 is not installed")
    def test_http_2_where_the_endpoint_speaks_it(self):
        endpoint = Endpoint(self.port, *certificate(self.folder, "two", "IP:127.0.0.1"))
        self.addCleanup(endpoint.server_close)
        self.addCleanup(endpoint.shutdown)
        threading.Thread(target=endpoint.serve_forever, daemon=True).start()
        self.env["AWS_CA_BUNDLE"] = self.path("two.crt")
        self.env["AWS_ENDPOINT_URL"] = f"https://127.0.0.1:{endpoint.server_address[1]}"
        data = os.urandom(20_000_000)  # in parts, and back in ranges
        self.write("x", data)
        for i in range(20):
            self.write(f"many/{i}", str(i))
        self.ok("s3", "cp", "--no-progress", "x", "s3://lake/x")
        self.ok("s3", "cp", "--no-progress", "s3://lake/x", "y")
        self.assertEqual(self.read("y"), data)
        self.ok("s3", "cp", "--recursive", "--no-progress", "many", "s3://lake/many")
        self.assertEqual(self.keys(), sorted([f"many/{i}" for i in range(20)] + ["x"]))
        self.fails(1, ["s3", "stat", "s3://lake/none"], "s3://lake/none")
        self.assertEqual(set(endpoint.protocols), {"h2"})
        self.assertGreater(endpoint.streams, 20 + 3)


if __name__ == "__main__":
    unittest.main()
