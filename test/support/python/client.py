"""Receives notifications in one format over one transport, and prints each as a line of JSON.

    client.py FORMAT TRANSPORT URL COUNT

It publishes COUNT notifications in the same format itself, once the stream is open. What protoc has made of tidings.proto is imported
from PYTHONPATH.
"""

import json
import sys
import urllib.request

import msgpack
import tidings_pb2
import websocket


def items(count):
    return [{"channel": "a", "id": f"{n}", "data": {"n": n, "text": "é😀", "list": [None, True, 1.5]}} for n in range(count)]


def printed(cursor, channel, id, data):
    print(json.dumps({"cursor": cursor, "channel": channel, "id": id, "data": data}), flush=True)


class MessagePack:
    subprotocol = "tidings.v1.msgpack"
    media_type = "application/msgpack"

    def published(self, count):
        return msgpack.packb(items(count))

    def ping(self):
        return msgpack.packb({"type": "ping", "request": "1"})

    def message(self, frame):
        message = msgpack.unpackb(frame)
        return message["type"], message

    def show(self, message):
        notification = message["notification"]
        printed(*(notification[name] for name in ("cursor", "channel", "id", "data")))

    def answer(self, body):
        answer = msgpack.unpackb(body)
        return answer["cursor"], [{"notification": one} for one in answer["notifications"]]


class Protobuf:
    subprotocol = "tidings.v1.protobuf"
    media_type = "application/x-protobuf"

    def published(self, count):
        publish = tidings_pb2.Publish()
        for item in items(count):
            publish.items.add(channel=item["channel"], id=item["id"], data=json.dumps(item["data"]).encode())
        return publish.SerializeToString()

    def ping(self):
        return tidings_pb2.ClientMessage(ping=tidings_pb2.Ping(request="1")).SerializeToString()

    def message(self, frame):
        message = tidings_pb2.ServerMessage.FromString(frame)
        return message.WhichOneof("message"), message

    def show(self, message):
        notification = message.notification
        printed(notification.cursor, notification.channel, notification.id, json.loads(notification.data))

    def answer(self, body):
        answer = tidings_pb2.Answer.FromString(body)
        return answer.cursor, [tidings_pb2.ServerMessage(notification=one) for one in answer.notifications]


def expect(actual, expected):
    if actual != expected:
        raise SystemExit(f"{actual} instead of {expected}")


def publish(format, url, count):
    headers = {"Content-Type": format.media_type}
    request = urllib.request.Request(f"{url}/v1/notifications", data=format.published(count), headers=headers)
    with urllib.request.urlopen(request, timeout=10) as response:
        expect(response.status, 201)


def over_websocket(format, url, count):
    stream = f"{url.replace('http', 'ws', 1)}/v1/stream?channel=a"
    socket = websocket.create_connection(stream, subprotocols=[format.subprotocol], timeout=10)
    expect(socket.getsubprotocol(), format.subprotocol)
    expect(format.message(socket.recv())[0], "ready")
    socket.send_binary(format.ping())
    expect(format.message(socket.recv())[0], "pong")
    publish(format, url, count)
    for _ in range(count):
        kind, message = format.message(socket.recv())
        expect(kind, "notification")
        format.show(message)
    socket.close()


def over_long_poll(format, url, count):
    def poll(query):
        request = urllib.request.Request(f"{url}/v1/stream?channel=a{query}", headers={"Accept": format.media_type})
        with urllib.request.urlopen(request, timeout=10) as response:
            expect(response.headers["Content-Type"], format.media_type)
            return format.answer(response.read())

    cursor, _ = poll("")
    publish(format, url, count)
    had = 0
    while had < count:
        cursor, messages = poll(f"&cursor={cursor}&wait=5&limit=2")
        for message in messages:
            format.show(message)
        had += len(messages)


_, format, transport, url, count = sys.argv
FORMATS = {"msgpack": MessagePack, "protobuf": Protobuf}
TRANSPORTS = {"websocket": over_websocket, "long-poll": over_long_poll}
TRANSPORTS[transport](FORMATS[format](), url, int(count))
