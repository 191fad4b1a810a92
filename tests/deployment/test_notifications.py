"""Messages reach every channel as it wants them; what fails is said without its secrets."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socketserver
import threading
from contextlib import contextmanager
from datetime import datetime
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from pipelines.deployment import notifications
from pipelines.deployment.notifications import (
    MOST_BYTES,
    Message,
    agents_owe,
    missing_secrets,
    run_failed,
    tell,
)
from pipelines.deployment.owed import OwedRecords, OwingAgent, records_owed
from pipelines.errors import UsageError
from pipelines.settings_file import Email, Notifications

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.settings_file import Channel

HELLO = Message("run_failed", "运行失败", ("第一行", "line two"))


class Heard:
    """What a local server was sent, and what it answers."""

    def __init__(self) -> None:
        """Nothing yet; the answer of a service that is content."""
        self.requests: list[tuple[str, dict[str, str], Any]] = []
        self.status, self.answer = 200, b'{"errcode": 0, "code": 0}'
        self.location = ""
        self.url = ""


@pytest.fixture
def service() -> Iterator[Heard]:
    heard = Heard()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            heard.requests.append((self.path, dict(self.headers), json.loads(body)))
            self.send_response(heard.status)
            if heard.location:
                self.send_header("Location", heard.location)
            self.end_headers()
            self.wfile.write(heard.answer)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        heard.url = f"http://127.0.0.1:{server.server_port}/robot/send?access_token=TOP-SECRET"
        try:
            yield heard
        finally:
            server.shutdown()
            thread.join()


def through(*channels: Channel) -> Notifications:
    return Notifications(through=list(channels))


def test_nobody_is_told_anything_by_default() -> None:
    everything = dict.fromkeys(notifications._SECRETS, "http://127.0.0.1:1/")  # noqa: SLF001
    assert tell(Notifications(), HELLO, everything) == []


def test_an_event_nobody_asked_about_is_not_told(service: Heard) -> None:
    settings = Notifications(through=["webhook"], about=["records_owed"])
    assert tell(settings, HELLO, {"SLA_WEBHOOK_URL": service.url}) == []
    assert service.requests == []


def test_wecom_gets_a_text(service: Heard) -> None:
    assert tell(through("wecom"), HELLO, {"SLA_WECOM_URL": service.url}) == []
    [(path, headers, body)] = service.requests
    assert path == "/robot/send?access_token=TOP-SECRET"
    assert headers["Content-Type"].startswith("application/json")
    assert body == {"msgtype": "text", "text": {"content": "运行失败\n第一行\nline two"}}


def test_dingtalk_gets_a_signed_text(service: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 1_700_000_000.5)
    environment = {"SLA_DINGTALK_URL": service.url, "SLA_DINGTALK_SECRET": "SEC+KEY"}
    assert tell(through("dingtalk"), HELLO, environment) == []
    [(path, _, body)] = service.requests
    query = parse_qs(urlsplit(path).query)
    assert query["access_token"] == ["TOP-SECRET"]
    assert query["timestamp"] == ["1700000000500"], "in milliseconds"
    expected = hmac.new(b"SEC+KEY", b"1700000000500\nSEC+KEY", hashlib.sha256).digest()
    assert query["sign"] == [base64.b64encode(expected).decode()]
    assert body["msgtype"] == "text"


def test_feishu_gets_a_signed_text(service: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 1_700_000_000.4)
    environment = {"SLA_FEISHU_URL": service.url, "SLA_FEISHU_SECRET": "key"}
    assert tell(through("feishu"), HELLO, environment) == []
    [(_, _, body)] = service.requests
    assert body["timestamp"] == "1700000000", "in seconds"
    expected = hmac.new(b"1700000000\nkey", b"", hashlib.sha256).digest()
    assert body["sign"] == base64.b64encode(expected).decode()
    assert body["content"] == {"text": HELLO.text}


def test_chat_robots_without_a_secret_are_not_signed(service: Heard) -> None:
    environment = {"SLA_DINGTALK_URL": service.url, "SLA_FEISHU_URL": service.url}
    assert tell(through("dingtalk", "feishu"), HELLO, environment) == []
    (path, _, _), (_, _, body) = service.requests
    assert "sign" not in path
    assert "sign" not in body


def test_a_webhook_gets_the_event_and_its_token(service: Heard) -> None:
    environment = {"SLA_WEBHOOK_URL": service.url, "SLA_WEBHOOK_TOKEN": "bearer-secret"}
    assert tell(through("webhook"), HELLO, environment) == []
    [(_, headers, body)] = service.requests
    assert headers["Authorization"] == "Bearer bearer-secret"
    assert (body["event"], body["title"]) == ("run_failed", "运行失败")


@pytest.mark.parametrize(
    ("channel", "variable", "answer", "words"),
    [
        ("wecom", "SLA_WECOM_URL", b'{"errcode": 93000, "errmsg": "bad key"}', "93000: bad key"),
        ("dingtalk", "SLA_DINGTALK_URL", b'{"errcode": 310000, "errmsg": "sign"}', "310000"),
        ("feishu", "SLA_FEISHU_URL", b'{"code": 19021, "msg": "sign match fail"}', "19021"),
        ("feishu", "SLA_FEISHU_URL", b"<html>login</html>", "not that of the service"),
        ("wecom", "SLA_WECOM_URL", b"[]", "not that of the service"),
    ],
)
def test_a_refusal_that_comes_with_status_200_is_noticed(
    service: Heard, channel: Channel, variable: str, answer: bytes, words: str
) -> None:
    service.answer = answer
    [problem] = tell(through(channel), HELLO, {variable: service.url})
    assert problem.startswith(f"Nobody was told by {channel}: ")
    assert words in problem


@pytest.mark.parametrize("status", [302, 403, 500])
def test_a_bad_status_is_said_and_a_redirect_is_not_followed(service: Heard, status: int) -> None:
    service.status, service.location = status, service.url + "&again"
    [problem] = tell(through("webhook"), HELLO, {"SLA_WEBHOOK_URL": service.url})
    assert f"status {status}" in problem
    assert len(service.requests) == 1


def test_a_channel_that_fails_keeps_no_other_from_being_told(service: Heard) -> None:
    environment = {"SLA_WECOM_URL": "http://127.0.0.1:1/?key=TOP", "SLA_WEBHOOK_URL": service.url}
    [problem] = tell(through("wecom", "webhook"), HELLO, environment)
    assert "by wecom" in problem
    assert len(service.requests) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/send?key=TOP-SECRET",
        "http://127.0.0.1:1/with space?key=TOP-SECRET",
        "http://127.0.0.1:port/send?key=TOP-SECRET",
        "file:///etc/passwd?TOP-SECRET",
        "TOP-SECRET",
        "https://TOP-SECRET.invalid/",
    ],
)
@pytest.mark.parametrize("channel", ["wecom", "dingtalk", "feishu", "webhook"])
def test_an_address_is_never_quoted(channel: Channel, url: str) -> None:
    environment = {f"SLA_{channel.upper()}_URL": url}
    [problem] = tell(through(channel), HELLO, environment)
    assert "TOP-SECRET" not in problem
    assert url not in problem


def test_an_answer_that_repeats_a_secret_is_cut(service: Heard) -> None:
    service.answer = b'{"errcode": 1, "errmsg": "no such token: bearer-secret"}'
    environment = {"SLA_WECOM_URL": service.url, "SLA_WEBHOOK_TOKEN": "bearer-secret"}
    [problem] = tell(through("wecom"), HELLO, environment)
    assert "no such token" in problem
    assert "bearer-secret" not in problem


def test_a_service_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notifications, "TIMEOUT_SECONDS", 0.2)
    with socketserver.TCPServer(("127.0.0.1", 0), socketserver.BaseRequestHandler) as silent:
        port = silent.server_address[1]  # it accepts, and nobody serves
        environment = {"SLA_WEBHOOK_URL": f"http://127.0.0.1:{port}/"}
        [problem] = tell(through("webhook"), HELLO, environment)
        settings = mail_to(port)
        [other] = tell(settings, HELLO, {})
    assert "by webhook" in problem
    assert "by email" in other


def test_a_missing_address_is_said_by_its_variable() -> None:
    [problem] = tell(through("dingtalk"), HELLO, {})
    assert "SLA_DINGTALK_URL is not set" in problem
    assert missing_secrets(through("dingtalk"), {}) == ["SLA_DINGTALK_URL"]
    assert missing_secrets(mail_to(25), {}) == []
    assert missing_secrets(through("dingtalk"), {"SLA_DINGTALK_URL": "x"}) == []


class MailServer(socketserver.ThreadingTCPServer):
    """As much of a mail server as one message takes."""

    daemon_threads = True
    mails: list[bytes]
    commands: list[str]


class _Conversation(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self._say("220 here")
        while line := self.rfile.readline().decode().strip():
            self.server.commands.append(line)
            word = line.split()[0].upper()
            if word == "EHLO":
                self._say("250-here\r\n250-AUTH PLAIN\r\n250 8BITMIME")
            elif word == "AUTH":
                is_wrong = base64.b64decode(line.split()[2]).endswith(b"\0wrong")
                self._say("535 no" if is_wrong else "235 yes")
            elif word == "DATA":
                self._say("354 go on")
                lines = []
                while (text := self.rfile.readline()) != b".\r\n":
                    lines.append(text)
                self.server.mails.append(b"".join(lines))
                self._say("250 kept")
            elif word == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 fine")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@contextmanager
def mail_server() -> Iterator[MailServer]:
    with MailServer(("127.0.0.1", 0), _Conversation) as server:
        server.mails, server.commands = [], []
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def mail_to(port: int, **more: Any) -> Notifications:  # noqa: ANN401 - fields of Email
    fields = {
        "host": "127.0.0.1",
        "port": port,
        "security": "none",
        "sender": "sla@example.com",
        "recipients": ["a@example.com", "b@example.com"],
    }
    server = Email(**{**fields, **more})
    return Notifications(through=["email"], email=server)


def test_a_mail_reaches_every_recipient_with_its_words() -> None:
    with mail_server() as server:
        assert tell(mail_to(server.server_address[1]), HELLO, {}) == []
    [mail] = server.mails
    parsed = message_from_bytes(mail, policy=policy.default)
    assert parsed["Subject"] == "运行失败"
    assert parsed["To"] == "a@example.com, b@example.com"
    assert parsed.get_content().splitlines() == HELLO.text.splitlines()
    assert [line for line in server.commands if line.lower().startswith("rcpt")] == [
        "rcpt TO:<a@example.com>",
        "rcpt TO:<b@example.com>",
    ]


def test_user_and_password_come_from_the_environment() -> None:
    with mail_server() as server:
        port = server.server_address[1]
        right = {"SLA_SMTP_USER": "sla", "SLA_SMTP_PASSWORD": "right"}
        assert tell(mail_to(port), HELLO, right) == []
        wrong = {"SLA_SMTP_USER": "sl", "SLA_SMTP_PASSWORD": "wrong"}
        [problem] = tell(mail_to(port), HELLO, wrong)
    assert "answered with 535" in problem
    assert len(server.mails) == 1


def test_a_server_without_starttls_gets_nothing_in_the_clear() -> None:
    with mail_server() as server:
        settings = mail_to(server.server_address[1], security="starttls")
        environment = {"SLA_SMTP_USER": "sla", "SLA_SMTP_PASSWORD": "right"}
        [problem] = tell(settings, HELLO, environment)
    assert "by email" in problem
    assert server.mails == []
    assert not [line for line in server.commands if line.lower().startswith("auth")]


def test_a_title_or_address_with_a_line_break_injects_no_header() -> None:
    with mail_server() as server:
        port = server.server_address[1]
        hostile = Message("run_failed", "failed\r\nBcc: eve@example.com", ())
        assert tell(mail_to(port), hostile, {}) == []
        [problem] = tell(mail_to(port, sender="a@b\r\nBcc: eve@example.com"), HELLO, {})
    parsed = message_from_bytes(server.mails[0], policy=policy.default)
    assert parsed["Bcc"] is None
    assert parsed["Subject"] == "failed Bcc: eve@example.com"
    assert "ValueError" in problem


def test_a_failed_run_tells_its_first_line_only() -> None:
    why = (
        "2 checks that must hold do not; the output is left as it was.\n- tickets.csv, row 7: 张三"
    )
    said = run_failed(Path("out"), why).text
    assert "2 checks that must hold do not" in said
    assert "张三" not in said


def test_the_agents_with_most_records_are_named_by_id_and_the_rest_counted() -> None:
    agents = tuple(OwingAgent(f"A{n:02}", 12 - n, n) for n in range(12))
    said = agents_owe(OwedRecords(datetime(2025, 6, 30), agents)).text  # noqa: DTZ001 - local time
    assert "12 agents owe 78 records" in said
    assert "A00: 12, 0" in said
    assert "A09: 3, 9" in said
    assert "A10" not in said
    one = agents_owe(OwedRecords(datetime(2025, 6, 30), (OwingAgent("A1", 1, 3),))).text  # noqa: DTZ001 - as above
    assert "1 agent owes 1 record." in one
    assert "2 more" in said


@pytest.mark.parametrize("length", [MOST_BYTES - 1, MOST_BYTES, MOST_BYTES + 1, MOST_BYTES * 3])
@pytest.mark.parametrize("letter", ["a", "欠"])
def test_a_long_text_is_cut_between_letters(length: int, letter: str) -> None:
    whole = "t\n" + letter * ((length - 2) // len(letter.encode()))
    said = Message("run_failed", "t", (whole[2:],)).text
    assert len(said.encode()) <= MOST_BYTES
    assert (said == whole) == (len(whole.encode()) <= MOST_BYTES)
    assert whole.startswith(said.removesuffix("…"))


def test_without_a_result_what_is_owed_is_not_known(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no warehouse"):
        records_owed(tmp_path)
