"""HTTPS with certificates good and bad, and proxies: real TLS, real tunnels, on this machine."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from base64 import b64encode
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

from pico_banana.errors import InterruptedTransferError, RequestRefusedError
from pico_banana.mirrors.fetch.transport import Transport

trustme = pytest.importorskip("trustme")
BODY = bytes(range(256)) * 4096


class Origin(BaseHTTPRequestHandler):
    """Serves one file, with Range, and a redirect out of HTTPS."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.seen.append((self.path, self.client_address[1], dict(self.headers)))
        if self.path == "/away":
            self.send_response(302)
            self.send_header("Location", "http://127.0.0.1:9/plain")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        begin = int(self.headers.get("Range", "bytes=0-")[6:-1])
        self.send_response(206 if begin else 200)
        if begin:
            self.send_header("Content-Range", f"bytes {begin}-{len(BODY) - 1}/{len(BODY)}")
        self.send_header("Content-Length", str(len(BODY) - begin))
        self.end_headers()
        self.wfile.write(BODY[begin:])

    def log_message(self, *_):
        pass


class Proxy(Origin):
    """Forwards plain requests and tunnels the others; asks for a password where the server has one."""

    def _allowed(self):
        wanted = self.server.password
        if wanted and self.headers.get("Proxy-Authorization") != f"Basic {b64encode(wanted.encode()).decode()}":
            self.send_response(407)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return False
        self.server.seen.append((self.command, self.path, dict(self.headers)))
        return True

    def do_GET(self):
        if not self._allowed():
            return
        parts = urlsplit(self.path)
        onward = http.client.HTTPConnection(parts.netloc)
        onward.request("GET", parts.path)
        answer = onward.getresponse()
        data = answer.read()
        onward.close()
        self.send_response(answer.status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_CONNECT(self):
        if not self._allowed():
            return
        host, _, port = self.path.rpartition(":")
        with socket.create_connection((host, int(port))) as onward:
            self.send_response(200)
            self.end_headers()
            back = threading.Thread(target=pump, args=(onward, self.connection), daemon=True)
            back.start()
            pump(self.connection, onward)
            back.join(5)
        self.close_connection = True


def pump(one, other):
    try:
        while data := one.recv(65536):
            other.sendall(data)
        other.shutdown(socket.SHUT_WR)
    except OSError:
        pass


@pytest.fixture
def start():
    with ExitStack() as stack:

        def started(handler=Origin, *, certificate=None, password=""):
            server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
            server.daemon_threads, server.seen, server.password = True, [], password
            if certificate is not None:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                certificate.configure_cert(context)
                server.socket = context.wrap_socket(server.socket, server_side=True)
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
            return server

        yield started


@pytest.fixture
def authority(tmp_path, monkeypatch):
    made = trustme.CA()
    made.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return made


@pytest.fixture(autouse=True)
def _no_proxy_of_this_machine(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def transport():
    made = Transport(timeout_s=5)
    yield made
    made.close()


def fetched(transport, url, *, offset=0):
    with transport.get(url, offset=offset) as response:
        assert response.offset == offset
        return response.read()


def test_https_keeps_its_connection_and_resumes(start, authority, transport):
    server = start(certificate=authority.issue_cert("localhost"))
    url = f"https://localhost:{server.server_port}/1.png"
    assert fetched(transport, url) == BODY
    assert fetched(transport, url, offset=1000) == BODY[1000:]
    assert len({port for _, port, _ in server.seen}) == 1


@pytest.mark.parametrize("name", ["localhost", "other.invalid"])
def test_a_certificate_not_to_be_trusted_is_refused_and_not_tried_again(name, start, authority, transport):
    issuer = trustme.CA() if name == "localhost" else authority
    server = start(certificate=issuer.issue_cert(name))
    with pytest.raises(RequestRefusedError, match="certificate is not to be trusted") as caught:
        transport.get(f"https://localhost:{server.server_port}/1.png")
    assert not caught.value.retryable
    assert server.seen == []


def test_a_redirect_out_of_https_is_refused(start, authority, transport):
    server = start(certificate=authority.issue_cert("localhost"))
    with pytest.raises(RequestRefusedError, match="would leave HTTPS"):
        transport.get(f"https://localhost:{server.server_port}/away")


@pytest.mark.parametrize("password", ["", "banana:sp@ce"])
def test_plain_requests_go_through_the_proxy(password, start, transport, monkeypatch):
    origin, proxy = start(), start(Proxy, password=password)
    user = "banana:sp%40ce@" if password else ""
    monkeypatch.setenv("http_proxy", f"http://{user}127.0.0.1:{proxy.server_port}")
    url = f"http://localhost:{origin.server_port}/1.png"
    assert fetched(transport, url) == BODY
    assert proxy.seen[0][:2] == ("GET", url)
    assert "Proxy-Authorization" not in origin.seen[0][2]


@pytest.mark.parametrize("password", ["", "banana:sp@ce"])
def test_https_goes_through_a_tunnel(password, start, authority, transport, monkeypatch):
    origin, proxy = start(certificate=authority.issue_cert("localhost")), start(Proxy, password=password)
    user = "banana:sp%40ce@" if password else ""
    monkeypatch.setenv("https_proxy", f"http://{user}127.0.0.1:{proxy.server_port}")
    assert fetched(transport, f"https://localhost:{origin.server_port}/1.png") == BODY
    assert proxy.seen[0][:2] == ("CONNECT", f"localhost:{origin.server_port}")
    assert "Proxy-Authorization" not in origin.seen[0][2]


def test_hosts_that_need_no_proxy_are_asked_directly(start, transport, monkeypatch):
    origin, proxy = start(), start(Proxy)
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.server_port}")
    monkeypatch.setenv("no_proxy", "localhost")
    assert fetched(transport, f"http://localhost:{origin.server_port}/1.png") == BODY
    assert proxy.seen == []


def test_a_proxy_that_wants_a_password_says_so(start, authority, transport, monkeypatch):
    origin, proxy = start(certificate=authority.issue_cert("localhost")), start(Proxy, password="x:y")
    monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.server_port}")
    with pytest.raises((InterruptedTransferError, RequestRefusedError), match="407"):
        transport.get(f"https://localhost:{origin.server_port}/1.png")
