"""Code to copy: how a tuned model is loaded in Python, and asked over HTTP. Knows only texts.

Every snippet is run by a test. The window, the model card and `serve --print` show these.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from finetune_studio.recipe.methods import Full, Lora, Qlora

PROMPT = "…"
COMPUTES = {"bf16": "bfloat16", "fp16": "float16", "fp32": "float32"}
KINDS = {"classify": "SequenceClassification"}

ADAPTER_OF_HUB = """\
from peft import AutoPeftModelFor{kind}
from transformers import AutoTokenizer{more}

folder = {place}
{quantised}model = AutoPeftModelFor{kind}.from_pretrained(folder{labels})
tokenizer = AutoTokenizer.from_pretrained(folder)
"""
ADAPTER = """\
from peft import PeftModel
from transformers import AutoModelFor{kind}, AutoTokenizer{more}

folder = {place}
{quantised}base = AutoModelFor{kind}.from_pretrained({base}{labels})
model = PeftModel.from_pretrained(base, folder)
tokenizer = AutoTokenizer.from_pretrained(folder)
"""
QUANTISED = {
    4: """\
quantised = BitsAndBytesConfig(
    load_in_4bit=True,
    bnb_4bit_quant_type="nf4",
    bnb_4bit_use_double_quant=True,
    bnb_4bit_compute_dtype={compute},
    llm_int8_skip_modules=["lm_head", "score"],
)
""",
    8: """\
quantised = BitsAndBytesConfig(load_in_8bit=True, llm_int8_skip_modules=["lm_head", "score"])
""",
}
WHOLE = """\
from transformers import AutoModelFor{kind}, AutoTokenizer

folder = {place}
model = AutoModelFor{kind}.from_pretrained(folder)
tokenizer = AutoTokenizer.from_pretrained(folder)
"""
CHAT = """
messages = {messages}
inputs = tokenizer.apply_chat_template(
    messages, add_generation_prompt=True, return_tensors="pt", return_dict=True
)
answer = model.generate(**inputs, max_new_tokens=256)
print(tokenizer.decode(answer[0, inputs["input_ids"].shape[1]:], skip_special_tokens=True))
"""
TEXT = """
inputs = tokenizer({prompt}, return_tensors="pt")
answer = model.generate(**inputs, max_new_tokens=256)
print(tokenizer.decode(answer[0], skip_special_tokens=True))
"""
CLASSIFY = """
inputs = tokenizer({prompt}, return_tensors="pt")
shares = model(**inputs).logits.softmax(-1)[0].tolist()
print({{model.config.id2label[index]: share for index, share in enumerate(shares)}})
"""
USES = {"chat": CHAT, "text": TEXT, "classify": CLASSIFY}

GGUF_CHAT = """\
from llama_cpp import Llama

model = Llama({place}, n_ctx=0{adapter})
messages = {messages}
answer = model.create_chat_completion(messages, max_tokens=256)
print(answer["choices"][0]["message"]["content"])
"""
GGUF_TEXT = """\
from llama_cpp import Llama

model = Llama({place}, n_ctx=0{adapter})
answer = model.create_completion({prompt}, max_tokens=256)
print(answer["choices"][0]["text"])
"""

CURL = """\
curl {url}/{route} \\
  -H "Content-Type: application/json"{key} \\
  -d '{body}'
"""
OPENAI = """\
from openai import OpenAI

client = OpenAI(base_url={url}, api_key={key})
stream = client.chat.completions.create(
    model={model}, messages=[{{"role": "user", "content": {prompt}}}], stream=True
)
for piece in stream:
    print(piece.choices[0].delta.content or "", end="", flush=True)
"""
OPENAI_TEXT = """\
from openai import OpenAI

client = OpenAI(base_url={url}, api_key={key})
stream = client.completions.create(
    model={model}, prompt={prompt}, max_tokens=256, stream=True
)
for piece in stream:
    print(piece.choices[0].text, end="", flush=True)
"""
JAVASCRIPT = """\
const answer = await fetch({url}, {{
  method: "POST",
  headers: {{ "Content-Type": "application/json"{key} }},
  body: JSON.stringify({body}),
}});
const said = await answer.json();
console.log(said.choices[0].{text});
"""


@dataclass(frozen=True)
class Quantised:
    """How a base model was quantised while its adapter was trained.

    On other weights the adapter says something else, for it has learned to correct these.

    Attributes:
        bits: 4 or 8.
        compute: The type that products are computed in, by torch's name.
    """

    bits: int
    compute: str = "bfloat16"


def quantised_of(method: Full | Lora | Qlora) -> Quantised | None:
    """How a method quantises the base model; None where it does not."""
    if not isinstance(method, Qlora):
        return None
    return Quantised(method.bits, COMPUTES.get(method.base_precision, COMPUTES["bf16"]))


def python_code(
    form: str,
    task: str,
    place: str,
    *,
    base: str = "",
    labels: Sequence[str] = (),
    prompt: str = PROMPT,
    quantised: Quantised | None = None,
    system: str = "",
) -> str:
    """The lines of Python that load a model and ask it something.

    Args:
        form: `adapter`, `merged`, `gguf` or `gguf-adapter`.
        task: `chat`, `text` or `classify`.
        place: Its folder, file, or id on the Hub.
        base: For adapters: where the base model is; empty where the adapter itself names it.
        labels: The labels of a classification.
        prompt: What it is asked.
        quantised: For adapters: how the base model was quantised while it was trained.
        system: For `chat`: the system prompt that was trained with.
    """
    asked = {"prompt": _quoted(prompt), "messages": _messages(system, prompt)}
    if form in ("gguf", "gguf-adapter"):
        return _gguf(form, task, place, base, asked)
    template = WHOLE if form == "merged" else ADAPTER if base else ADAPTER_OF_HUB
    names = dict(enumerate(labels)) if task == "classify" else {}
    more = f", num_labels={len(names)}, id2label={names}" if names else ""
    lines = ""
    if quantised:
        more += ", quantization_config=quantised"
        lines = QUANTISED[quantised.bits].format(compute=_quoted(quantised.compute))
    loading = template.format(
        kind=KINDS.get(task, "CausalLM"),
        place=_quoted(place),
        base=_quoted(base),
        labels=more,
        quantised=lines,
        more=", BitsAndBytesConfig" if quantised else "",
    )
    return loading + USES[task].format(**asked)


def _messages(system: str, prompt: str) -> str:
    """A conversation as Python writes it, with the system prompt where there is one."""
    said = f'{{"role": "user", "content": {_quoted(prompt)}}}'
    if not system:
        return f"[{said}]"
    return f'[\n    {{"role": "system", "content": {_quoted(system)}}},\n    {said},\n]'


def _gguf(form: str, task: str, place: str, base: str, asked: dict[str, str]) -> str:
    template = GGUF_CHAT if task == "chat" else GGUF_TEXT
    lora = f", lora_path={_quoted(place)}" if form == "gguf-adapter" else ""
    file = base or "base.gguf" if form == "gguf-adapter" else place
    return template.format(place=_quoted(file), adapter=lora, **asked)


def curl_code(url: str, model: str, task: str = "chat", key: str = "", prompt: str = "…") -> str:
    """The command that asks a running server; `url` ends in `/v1`."""
    route, body = _asked(model, task, prompt)
    return CURL.format(
        url=url,
        route=route,
        key=f' \\\n  -H "Authorization: Bearer {key}"' if key else "",
        body=body.replace("'", "'\\''"),
    )


def openai_code(
    url: str, model: str, task: str = "chat", key: str = "", prompt: str = PROMPT
) -> str:
    """Python with OpenAI's own client; the answer comes word by word."""
    words = {"url": url, "model": model, "key": key or "none", "prompt": prompt}
    template = OPENAI_TEXT if task == "text" else OPENAI
    return template.format(**{name: _quoted(word) for name, word in words.items()})


def javascript_code(
    url: str, model: str, task: str = "chat", key: str = "", prompt: str = PROMPT
) -> str:
    """JavaScript that asks a running server; runs in Node 18 and newer."""
    route, body = _asked(model, task, prompt)
    return JAVASCRIPT.format(
        url=_quoted(f"{url}/{route}"),
        key=f', "Authorization": {_quoted(f"Bearer {key}")}' if key else "",
        body=body,
        text="text" if route == "completions" else "message.content",
    )


def _asked(model: str, task: str, prompt: str) -> tuple[str, str]:
    """The route and the body of a request."""
    if task == "text":
        return "completions", _json({"model": model, "prompt": prompt, "max_tokens": 256})
    messages = [{"role": "user", "content": prompt}]
    return "chat/completions", _json({"model": model, "messages": messages})


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _quoted(text: str) -> str:
    """A string as Python, JSON and JavaScript all write it."""
    return _json(text)
