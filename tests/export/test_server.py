"""The server's interface, over real HTTP, with a model that says what it is told to."""

import asyncio
import json
import socket
import threading
import time

import pytest

pytest.importorskip("uvicorn", reason="needs_train: the extra `train` is not installed")
import uvicorn
from openai import APIStatusError, BadRequestError, OpenAI

from finetune_studio.export.server.app import LARGEST, application
from finetune_studio.export.server.desk import BusyError, Desk
from finetune_studio.export.server.model import PromptError
from finetune_studio.export.server.taking import Taking

END = 0


class Parrot:
    """A model whose tokens are the letters of one text; it counts how many it wrote."""

    name, context, chats = "parrot", 100, True

    def __init__(self, text="안녕하세요? Hello.", pace=0.0):
        self.text, self.pace, self.written, self.asked = text, pace, 0, []
        self.fails = False

    def prompt(self, messages):
        if messages[0]["role"] == "assistant":
            raise PromptError("a conversation begins with the user")
        return [ord(sign) for each in messages for sign in each["content"]]

    def encode(self, text):
        return [ord(sign) for sign in text]

    def ends(self, token):
        return token == END

    def spelling(self):
        return self

    def step(self, token):
        return chr(token)

    def write(self, ids, sampling, hear):
        self.asked.append(sampling)
        if self.fails:
            raise RuntimeError("hf_secret")
        for sign in [*map(ord, self.text), END]:
            time.sleep(self.pace)
            self.written += 1
            if hear(sign):
                return


class Running:
    """The server in a thread."""

    def __init__(self, model, **options):
        self.model, self.desk, self.lines = model, Desk(model), []
        app = application(self.desk, log=self.lines.append, **options)
        config = uvicorn.Config(app, log_config=None, lifespan="off", log_level="critical")
        self.server = uvicorn.Server(config)
        self.door = socket.socket()
        self.door.bind(("127.0.0.1", 0))
        self.door.listen(16)
        self.port = self.door.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/v1"
        self.thread = threading.Thread(target=self.server.run, args=([self.door],))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.desk.close()
        self.server.should_exit = True
        self.thread.join()
        self.door.close()

    def client(self, key="none"):
        return OpenAI(base_url=self.url, api_key=key, max_retries=0)

    def raw(self, method, path, body=b"", **headers):
        """One request by hand: the status and the document that came."""
        from http.client import HTTPConnection

        link = HTTPConnection("127.0.0.1", self.port, timeout=30)
        given = {"Content-Type": "application/json"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        try:
            link.request(method, path, body, given)
            answer = link.getresponse()
            return answer.status, json.loads(answer.read() or b"{}"), dict(answer.getheaders())
        finally:
            link.close()


@pytest.fixture
def server():
    with Running(Parrot()) as running:
        yield running


def ask(client, **more):
    messages = more.pop("messages", [{"role": "user", "content": "안녕"}])
    return client.chat.completions.create(model="parrot", messages=messages, **more)


def waited(condition):
    deadline = time.monotonic() + 30
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


def test_an_answer_at_once_is_what_the_openai_client_expects(server):
    answer = ask(server.client(), temperature=0.5, top_p=0.9, seed=7, max_tokens=50)
    choice = answer.choices[0]
    assert choice.message.content == server.model.text
    assert choice.message.role == "assistant"
    assert choice.finish_reason == "stop"
    assert answer.usage.prompt_tokens == 2
    assert answer.usage.completion_tokens == len(server.model.text) + 1
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + len(server.model.text) + 1
    sampling = server.model.asked[0]
    assert (sampling.temperature, sampling.top_p, sampling.seed, sampling.tokens) == (
        *(0.5, 0.9, 7),
        50,
    )


def test_a_stream_brings_the_same_piece_by_piece(server):
    pieces = list(ask(server.client(), stream=True, stream_options={"include_usage": True}))
    texts = [each.choices[0].delta.content or "" for each in pieces if each.choices]
    assert "".join(texts) == server.model.text
    assert len(texts) > 5
    assert pieces[0].choices[0].delta.role == "assistant"
    assert pieces[-2].choices[0].finish_reason == "stop"
    assert pieces[-1].usage.completion_tokens == len(server.model.text) + 1
    assert len({each.id for each in pieces}) == 1


def test_a_stream_that_ends_at_its_length_says_so(server):
    pieces = list(ask(server.client(), stream=True, max_tokens=3))
    assert "".join(each.choices[0].delta.content or "" for each in pieces) == "안녕하"
    assert pieces[-1].choices[0].finish_reason == "length"


def test_a_stop_ends_the_answer_and_is_not_part_of_it(server):
    answer = ask(server.client(), stop=["? He", "zz"])
    assert answer.choices[0].message.content == "안녕하세요"
    assert answer.choices[0].finish_reason == "stop"
    streamed = ask(server.client(), stop="요?", stream=True)
    texts = [each.choices[0].delta.content or "" for each in streamed]
    assert "".join(texts) == "안녕하세"


def test_text_is_continued_without_a_template(server):
    client = server.client()
    answer = client.completions.create(model="parrot", prompt="abc", max_tokens=4)
    assert answer.choices[0].text == "안녕하세"
    assert answer.usage.prompt_tokens == 3
    pieces = list(client.completions.create(model="parrot", prompt=["abc"], stream=True))
    assert "".join(each.choices[0].text for each in pieces) == server.model.text


def test_models_and_health_are_told(server):
    assert [each.id for each in server.client().models.list()] == ["parrot"]
    assert server.client().models.retrieve("parrot").id == "parrot"
    assert server.raw("GET", "/health")[:2] == (200, {"status": "ok", "model": "parrot"})


def test_parts_of_text_and_developer_messages_are_understood(server):
    parts = [{"type": "text", "text": "가"}, {"type": "text", "text": "나"}]
    messages = [{"role": "developer", "content": "x"}, {"role": "user", "content": parts}]
    assert ask(server.client(), messages=messages).usage.prompt_tokens == 3


GOOD = {"model": "parrot", "messages": [{"role": "user", "content": "x"}]}


@pytest.mark.parametrize(
    ("change", "status", "param"),
    [
        ({"messages": []}, 400, "messages"),
        ({"messages": "x"}, 400, "messages"),
        ({"messages": [{"role": "tool", "content": "x"}]}, 400, "messages.0.role"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, 400, "messages.0."),
        ({"messages": [{"role": "assistant", "content": "x"}]}, 400, "messages"),
        ({"messages": [{"role": "user", "content": "x" * 101}]}, 400, "messages"),
        ({"messages": [{"role": "user", "content": ""}]}, 400, "messages"),
        ({"max_tokens": -1}, 400, "max_tokens"),
        ({"max_tokens": 0}, 400, "max_tokens"),
        ({"temperature": 3}, 400, "temperature"),
        ({"temperature": "warm"}, 400, "temperature"),
        ({"top_p": 0}, 400, "top_p"),
        ({"seed": 2**70}, 400, "seed"),
        ({"stop": ["a"] * 5}, 400, "stop"),
        ({"n": 2}, 400, "n"),
        ({"tools": [{"type": "function"}]}, 400, "tools"),
        ({"response_format": {"type": "json_object"}}, 400, "response_format"),
        ({"logprobs": True}, 400, "logprobs"),
        ({"model": "other"}, 404, "model"),
    ],
)
def test_bad_requests_are_refused_as_openai_does(server, change, status, param):
    body = json.dumps(GOOD | change).encode()
    got, document, _ = server.raw("POST", "/v1/chat/completions", body)
    assert got == status, document
    assert document["error"]["param"].startswith(param)
    assert document["error"]["type"] == "invalid_request_error"
    assert document["error"]["message"]
    assert server.model.written == 0
    assert ask(server.client()).choices[0].finish_reason == "stop"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{bad", 400),
        (b"", 400),
        (b"[1]", 400),
        (b"\xff\xfe", 400),
        (b"[" * 100_000, 400),
        (b'{"model": "parrot", "messages": "' + b"x" * LARGEST + b'"}', 413),
    ],
    ids=["broken", "empty", "list", "no text", "deep", "huge"],
)
def test_a_body_that_is_none_is_refused(server, body, status):
    got, document, _ = server.raw("POST", "/v1/chat/completions", body)
    assert got == status
    assert document["error"]["message"]


def test_unknown_places_and_ways_are_told(server):
    assert server.raw("GET", "/v1/embeddings")[0] == 404
    assert server.raw("GET", "/v1/chat/completions")[0] == 405
    assert server.raw("GET", "/v1/nothing")[1]["error"]["code"] == "not_found"


def test_the_client_raises_its_own_kinds_of_error(server):
    with pytest.raises(BadRequestError) as told:
        ask(server.client(), messages=[])
    assert told.value.param == "messages"


def test_a_model_without_a_template_is_asked_elsewhere(server):
    server.model.chats = False
    with pytest.raises(BadRequestError, match="/v1/completions"):
        ask(server.client())


def test_a_model_that_fails_takes_nobody_along_and_tells_no_contents(server):
    server.model.fails = True
    with pytest.raises(APIStatusError) as told:
        ask(server.client())
    assert told.value.status_code == 500
    assert "hf_secret" not in str(told.value)
    with pytest.raises(Exception, match="The model failed"):
        list(ask(server.client(), stream=True))
    server.model.fails = False
    assert ask(server.client()).choices[0].message.content == server.model.text


def test_no_web_page_can_ask_behind_ones_back(server):
    body = json.dumps(GOOD).encode()
    assert server.raw("POST", "/v1/chat/completions", body, Host="evil.example")[0] == 403
    plain = server.raw("POST", "/v1/chat/completions", body, Content_Type="text/plain")
    assert plain[0] == 415
    status, _, headers = server.raw("POST", "/v1/chat/completions", body, Origin="http://evil")
    assert status == 200
    assert not [name for name in headers if name.lower().startswith("access-control")]
    assert server.raw("OPTIONS", "/v1/chat/completions")[0] == 405


def test_the_key_is_asked_for():
    with Running(Parrot(), key="열쇠 1") as server:
        assert server.raw("GET", "/v1/models")[0] == 401
        assert server.raw("GET", "/v1/models", Authorization="Bearer no")[0] == 401
        assert server.raw("GET", "/health")[0] == 200
    with Running(Parrot(), key="k-1", local=False) as server:
        assert ask(server.client("k-1")).choices[0].message.content
        assert server.raw("GET", "/v1/models", Host="x", Authorization="Bearer k-1")[0] == 200


def test_the_log_has_a_line_for_each_request_and_none_of_its_words(server):
    ask(server.client(), messages=[{"role": "user", "content": "비밀"}])
    server.raw("GET", "/v1/%1b[2J")
    assert waited(lambda: len(server.lines) == 2)
    assert server.lines[0].startswith("POST /v1/chat/completions 200 ")
    assert "비밀" not in "".join(server.lines)
    assert all(line.isprintable() for line in server.lines)


def leave_early(server, stream):
    """Ask, hear the first words, and hang up."""
    body = json.dumps(GOOD | {"stream": stream, "max_tokens": 90}).encode()
    head = (
        "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    link = socket.create_connection(("127.0.0.1", server.port))
    link.sendall(head.encode() + body)
    if stream:
        link.recv(100)
    assert waited(lambda: server.model.written >= 2)
    link.close()


@pytest.mark.parametrize("stream", [True, False])
def test_a_client_that_goes_away_stops_the_writing(stream):
    with Running(Parrot("x" * 2000, pace=0.02)) as server:
        leave_early(server, stream)
        assert waited(lambda: server.desk._current is None)
        assert server.model.written < 90
        server.model.pace = 0.0
        assert ask(server.client(), max_tokens=5).choices[0].message.content == "xxxxx"


def test_requests_wait_their_turn_and_too_many_are_sent_away():
    with Running(Parrot("abc", pace=0.02)) as server:
        answers, statuses = [], []

        def one():
            answers.append(ask(server.client()).choices[0].message.content)

        threads = [threading.Thread(target=one) for _ in range(5)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert answers == ["abc"] * 5

        async def full():
            desk = Desk(Parrot("a"))
            desk._waiting = 1000
            async with desk.answer([1], server.model.asked[0], []):
                statuses.append("never")

        with pytest.raises(BusyError):
            asyncio.run(full())
        assert not statuses


def test_a_server_that_ends_leaves_a_stream_without_its_end():
    with Running(Parrot("x" * 500, pace=0.01)) as server:
        pieces = []
        stream = ask(server.client(), stream=True, max_tokens=90)
        for piece in stream:
            pieces.append(piece)
            if len(pieces) == 3:
                server.desk.close()
        assert pieces[-1].choices[0].finish_reason is None
        assert server.model.written < 90


@pytest.mark.parametrize(
    ("text", "stops", "said"),
    [
        ("aaab", ["aab"], "a"),
        ("ababac", ["abac"], "ab"),
        ("abc", ["c", "b"], "a"),
        ("ab", ["abc"], "ab"),
        ("한글입니다", ["입니다"], "한글"),
        ("abc", [], "abc"),
    ],
)
def test_stops_are_found_wherever_they_begin(text, stops, said):
    pieces = []
    taking = Taking(Parrot(), stops, 100, pieces.append)
    for sign in text:
        if taking.hear(ord(sign)):
            break
    taking.finish()
    assert "".join(pieces) == said
