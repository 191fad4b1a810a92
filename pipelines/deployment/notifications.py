"""Telling people: one message, through every channel that the settings name.

Addresses, passwords and tokens come from the environment alone and appear in no message, log or
error. A channel that fails is said and stops nothing: neither the others nor a run.

Belongs here: what is said, and how each channel wants to hear it. Does not belong here: when
something is worth saying (``automation``, ``cli``).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import smtplib
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import TYPE_CHECKING, Any, Final

from dashboards.language import counted
from pipelines.deployment.owed import records_owed
from pipelines.privacy.key import discretion

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from typing import IO

    from pipelines.deployment.owed import OwedRecords
    from pipelines.settings_file import Channel, Email, Event, Notifications, Privacy

TIMEOUT_SECONDS: Final = 10
MOST_BYTES: Final = 2000
"""The longest text every chat service takes."""
_MOST_ANSWERED: Final = 65536
_AGENTS_NAMED: Final = 10


@dataclass(frozen=True)
class Message:
    """What is to be said: the event it is about, a title and some lines, in both languages."""

    event: Event
    title: str
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """Title and lines, cut to what every service takes."""
        whole = "\n".join([self.title, *self.lines]).encode()
        if len(whole) <= MOST_BYTES:
            return whole.decode()
        return whole[: MOST_BYTES - 3].decode(errors="ignore") + "…"


def run_failed(out: Path, why: str) -> Message:
    """A run that stopped. Only the first line of why: the others may name rows of the exports."""
    first = why.strip().partition("\n")[0][:300] or "–"
    return Message(
        "run_failed",
        f"服务条款核对：运行失败 · Service terms audit: a run failed ({out})",
        (
            first,
            "上一次的结果不变。详情见 sla serve 的界面，或再次运行 sla run。",
            "The last result is as it was. For all of it see the pages of sla serve, or sla run.",
        ),
    )


def agents_owe(owed: OwedRecords) -> Message:
    """Which agents owe how many records; by their ids, without names or customers."""
    as_of, shown = f"{owed.as_of:%Y-%m-%d %H:%M}", owed.agents[:_AGENTS_NAMED]
    rest = len(owed.agents) - len(shown)
    owing = counted(len(owed.agents), "agent owes", "agents owe")
    lines = [
        f"截至 {as_of}，{len(owed.agents)} 家代理商欠交 {owed.records} 份记录。",
        f"As of {as_of} {owing} {counted(owed.records, 'record', 'records')}.",
        "代理商：份数，最早一份逾期天数 · Agent: records, days since the first was due",
        *(f"{agent.agent_id}: {agent.records}, {agent.days_overdue}" for agent in shown),
    ]
    if rest:
        lines.append(f"… 另有 {rest} 家 · and {rest} more")
    return Message(
        "records_owed",
        "服务条款核对：代理商欠交记录 · Service terms audit: agents owe records",
        tuple(lines),
    )


def tell(
    settings: Notifications, message: Message, environment: Mapping[str, str] = os.environ
) -> list[str]:
    """Say ``message`` through every channel; what went wrong, a sentence for each channel."""
    if message.event not in settings.about:
        return []
    problems = []
    for channel in settings.through:
        missing = [name for name in _NEEDED[channel] if not environment.get(name)]
        if missing:
            problems.append(
                f"Nobody was told by {channel}: {', '.join(missing)} is not set in the environment."
            )
            continue
        try:
            _SENDERS[channel](settings, message, environment)
        except Exception as error:  # noqa: BLE001 - whatever it is, the run does not fail by it
            problems.append(
                f"Nobody was told by {channel}: {_without_secrets(_words(error), environment)}."
            )
    return problems


def tell_of_failure(
    settings: Notifications, out: Path, why: str, environment: Mapping[str, str] = os.environ
) -> list[str]:
    """Say that a run stopped; what went wrong in saying it."""
    return tell(settings, run_failed(out, why), environment)


def tell_of_records_owed(
    settings: Notifications,
    out: Path,
    privacy: Privacy | None = None,
    environment: Mapping[str, str] = os.environ,
) -> list[str]:
    """Say which agents owe records by the published result; what went wrong in saying it."""
    if not settings.through or "records_owed" not in settings.about:
        return []
    try:
        hidden = discretion(privacy, out, environment) if privacy else None
        found = records_owed(out, hidden)
    except Exception as error:  # noqa: BLE001 - the run is done and does not fail by it
        return [f"Nobody was told of records owed: {type(error).__name__}: {error}"]
    return tell(settings, agents_owe(found), environment) if found else []


def missing_secrets(
    settings: Notifications, environment: Mapping[str, str] = os.environ
) -> list[str]:
    """The variables that the channels named in the settings need and that are not set."""
    return [
        name
        for channel in settings.through
        for name in _NEEDED[channel]
        if not environment.get(name)
    ]


class _RefusedError(Exception):
    """The service heard the message and refused it."""


def _words(error: Exception) -> str:
    """What went wrong, never in the error's own words: some quote the address."""
    match error:
        case _RefusedError():
            words = str(error)
        case urllib.error.HTTPError():
            words = f"it answered with status {error.code}"
        case urllib.error.URLError():
            words = f"it could not be reached ({error.reason})"
        case smtplib.SMTPResponseException():
            words = f"the mail server answered with {error.smtp_code}"
        case OSError() if error.strerror:
            words = f"it could not be reached ({error.strerror})"
        case _:
            words = f"the message could not be sent ({type(error).__name__})"
    return words


def _without_secrets(text: str, environment: Mapping[str, str]) -> str:
    for name in _SECRETS:
        secret = environment.get(name)
        if secret:
            text = text.replace(secret, "…")
    return text


def _send_email(settings: Notifications, message: Message, environment: Mapping[str, str]) -> None:
    server = settings.email
    assert server is not None  # noqa: S101 - the settings file is refused without it
    with _connected(server) as smtp:
        if environment.get("SLA_SMTP_USER"):
            smtp.login(environment["SLA_SMTP_USER"], environment.get("SLA_SMTP_PASSWORD", ""))
        smtp.send_message(_mail(server, message))


def _connected(server: Email) -> smtplib.SMTP:
    trusted = ssl.create_default_context()
    if server.security == "tls":
        return smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT_SECONDS, context=trusted)
    smtp = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_SECONDS)
    if server.security == "starttls":
        try:
            smtp.starttls(context=trusted)
        except BaseException:
            smtp.close()
            raise
    return smtp


def _mail(server: Email, message: Message) -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"] = " ".join(message.title.split())
    mail["From"] = server.sender
    mail["To"] = ", ".join(server.recipients)
    mail["Date"] = formatdate(localtime=True)
    mail["Message-ID"] = make_msgid(domain=server.sender.rpartition("@")[2] or "localhost")
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.text)
    return mail


def _send_dingtalk(_: Notifications, message: Message, environment: Mapping[str, str]) -> None:
    url = environment["SLA_DINGTALK_URL"]
    secret = environment.get("SLA_DINGTALK_SECRET")
    if secret:
        stamp = str(round(time.time() * 1000))
        sign = urllib.parse.quote_plus(_signature(secret, f"{stamp}\n{secret}"))
        url += f"{'&' if '?' in url else '?'}timestamp={stamp}&sign={sign}"
    answer = _post(url, {"msgtype": "text", "text": {"content": message.text}})
    _check(answer, "errcode", "errmsg")


def _send_wecom(_: Notifications, message: Message, environment: Mapping[str, str]) -> None:
    answer = _post(
        environment["SLA_WECOM_URL"], {"msgtype": "text", "text": {"content": message.text}}
    )
    _check(answer, "errcode", "errmsg")


def _send_feishu(_: Notifications, message: Message, environment: Mapping[str, str]) -> None:
    body: dict[str, Any] = {"msg_type": "text", "content": {"text": message.text}}
    secret = environment.get("SLA_FEISHU_SECRET")
    if secret:
        stamp = str(round(time.time()))
        body |= {"timestamp": stamp, "sign": _signature(f"{stamp}\n{secret}", "")}
    answer = _post(environment["SLA_FEISHU_URL"], body)
    _check(answer, "code", "msg")


def _send_webhook(_: Notifications, message: Message, environment: Mapping[str, str]) -> None:
    token = environment.get("SLA_WEBHOOK_TOKEN")
    _post(
        environment["SLA_WEBHOOK_URL"],
        {
            "product": "sla-audit",
            "event": message.event,
            "title": message.title,
            "text": message.text,
        },
        {"Authorization": f"Bearer {token}"} if token else {},
    )


def _signature(key: str, content: str) -> str:
    digest = hmac.new(key.encode(), content.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def _check(answer: bytes, code: str, words: str) -> None:
    """Refusals of chat services come with HTTP status 200."""
    try:
        said = json.loads(answer)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        message = "its answer is not that of the service"
        raise _RefusedError(message)
    if said.get(code, 0) != 0:
        message = f"it refused the message ({said[code]}: {str(said.get(words, ''))[:200]})"
        raise _RefusedError(message)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the message somewhere nobody named."""

    def redirect_request(  # noqa: PLR0913, PLR0917 - urllib's signature
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: Any,  # noqa: ANN401 - urllib's
        newurl: str,
    ) -> None:
        """Follow none."""


_OPENER: Final = urllib.request.build_opener(_NoRedirect)


def _post(url: str, body: object, headers: Mapping[str, str] | None = None) -> bytes:
    if not url.lower().startswith(("https://", "http://")):
        message = "its address does not begin with https:// or http://"
        raise _RefusedError(message)
    request = urllib.request.Request(  # noqa: S310 - the scheme was looked at
        url,
        json.dumps(body, ensure_ascii=False).encode(),
        {"Content-Type": "application/json; charset=utf-8", **(headers or {})},
    )
    with _OPENER.open(request, timeout=TIMEOUT_SECONDS) as response:
        content: bytes = response.read(_MOST_ANSWERED)
    return content


_SENDERS: Final[dict[Channel, Callable[[Notifications, Message, Mapping[str, str]], None]]] = {
    "email": _send_email,
    "dingtalk": _send_dingtalk,
    "wecom": _send_wecom,
    "feishu": _send_feishu,
    "webhook": _send_webhook,
}
_NEEDED: Final[dict[Channel, tuple[str, ...]]] = {
    "email": (),
    "dingtalk": ("SLA_DINGTALK_URL",),
    "wecom": ("SLA_WECOM_URL",),
    "feishu": ("SLA_FEISHU_URL",),
    "webhook": ("SLA_WEBHOOK_URL",),
}
_SECRETS: Final = (
    "SLA_SMTP_PASSWORD",
    "SLA_SMTP_USER",
    "SLA_DINGTALK_URL",
    "SLA_DINGTALK_SECRET",
    "SLA_WECOM_URL",
    "SLA_FEISHU_URL",
    "SLA_FEISHU_SECRET",
    "SLA_WEBHOOK_URL",
    "SLA_WEBHOOK_TOKEN",
)
