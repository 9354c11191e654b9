#!/usr/bin/env python3
"""A worker in another language: prints the notifications of a system and tells
what became of each. Needs Python 3 and nothing else.

    example-worker.py nats://127.0.0.1:4222 SYSTEM [COUNT]
"""
import json, socket, sys, uuid
from urllib.parse import urlparse

url, system, count = urlparse(sys.argv[1]), sys.argv[2], int((sys.argv + ["0"])[3])
connection = socket.create_connection((url.hostname, url.port or 4222))
wire = connection.makefile("rwb", buffering=0)


def say(line, body=None):  # https://docs.nats.io/reference/reference-protocols/nats-protocol
    data = b"" if body is None else json.dumps(body).encode() if not isinstance(body, bytes) else body
    wire.write(line.encode() + (b"\r\n" if body is None else b" %d\r\n%s\r\n" % (len(data), data)))


def hear():
    """Waits for the next message: its reply subject, its body, and whether it is only a status."""
    while True:
        words = wire.readline().split()
        if not words:
            sys.exit("NATS closed the connection")
        if words[0] == b"PING":
            say("PONG")
        elif words[0] == b"-ERR":
            sys.exit(b" ".join(words).decode())
        elif words[0] in (b"MSG", b"HMSG"):
            head, total = (int(words[-2]) if words[0] == b"HMSG" else 0), int(words[-1])
            body = wire.read(total + 2)
            while len(body) < total + 2:
                body += wire.read(total + 2 - len(body))
            return words[3].decode(), body[head:total], body[:12].endswith((b"404", b"408")) if head else False


def ask(subject, body):
    inbox = "_INBOX." + uuid.uuid4().hex
    say(f"SUB {inbox} 1")
    say("UNSUB 1 1")
    say(f"PUB {subject} {inbox}", body)
    answer = json.loads(hear()[1])
    if "error" in answer:
        sys.exit(answer["error"]["description"])
    return answer


say("CONNECT " + json.dumps({"verbose": False, "headers": True, "no_responders": True, "auth_token": url.username, "name": "example-worker"}))
ask("$JS.API.CONSUMER.DURABLE.CREATE.NOTIFY." + system, {"stream_name": "NOTIFY", "config": {
    "durable_name": system, "filter_subject": f"notify_chat.{system}.>", "ack_policy": "explicit", "ack_wait": 30 * 10**9}})
say("SUB inbox." + system + " 2")
while True:
    say(f"PUB $JS.API.CONSUMER.MSG.NEXT.NOTIFY.{system} inbox.{system}", {"batch": 1, "expires": 5 * 10**9})
    ack, body, nothing = hear()
    if nothing:
        continue
    note = json.loads(body)
    card = note["message"].get("card", {})
    act = note.get("act")  # "edit" or "retract": what was printed stays printed
    if not act:
        print(note["chat"], "|", card.get("kind", ""), "|", card.get("title") or note["message"].get("text"), flush=True)
    ask(f"event.{system}.hub.message.sent", {  # here the message would have been sent
        "specversion": "1.0", "id": uuid.uuid4().hex, "source": system, "type": "hub.message.sent",
        "data": {"notification": note["id"], "system": system, "chat": note["chat"], "event": note.get("event", ""),
                 "status": "sent", "again": note.get("again", 0), "attempt": 1, "receipt": {"ref": "printed"} if not act else {"ref": "", "note": "paper cannot be changed"}, "at": note["queued_at"]}})
    say(f"PUB {ack}", b"+ACK")
    count -= not act
    if count == 0:
        say("PING")
        wire.readline()
        break
