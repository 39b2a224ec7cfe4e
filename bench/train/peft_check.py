#!/usr/bin/env python3
"""Whether the PEFT folder that `understudy tune` writes means the same to PEFT as the GGUF adapter
means to llama-server. See README.md in this folder.

Needs numpy, torch, transformers, peft and gguf; everything runs on this machine's CPU.
"""
import argparse
import json
import math
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import warnings

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TQDM_DISABLE", "1")

import gguf
import numpy
import peft
import torch
import transformers

ROOT = pathlib.Path(__file__).resolve().parents[2]
WIDTH, WIDE, HEADS, KEYS, HEAD, LAYERS = 64, 96, 4, 2, 16, 3
INNER, STATE, SSM_HEADS, KERNEL = 128, 16, 8, 4
CHANNELS = INNER + 2 * STATE
RANK, ALPHA = 4, 6
EPSILON, ROTARY_BASE = 1e-5, 10000.0

RECIPE = """name = "words"
vocabulary_examples = 300
[model]
architecture = "llama"
layers = "A"
vocabulary = 600
width = 32
feed_forward = 32
heads = 2
kv_heads = 2
head_size = 16
[schedule]
rows = 1
time = 512
tokens = 512
evaluate_examples = 1
"""


def kinds(architecture):
    """A for a layer that attends, M for one with a state space."""
    return {"mamba2": "MMM", "granitehybrid": "MAM"}.get(architecture, "AAA")


# ---- the base: random numbers, the vocabulary of a model that understudy made


class Numbers:
    """Random tensors by their GGUF names, large enough that distributions are not flat."""

    def __init__(self):
        self.random = numpy.random.default_rng(7)
        self.tensors = {}

    def matrix(self, name, out, into):
        self.tensors[name] = self.random.normal(0, 1.2 / math.sqrt(into), (out, into))

    def around(self, name, center, shape):
        self.tensors[name] = center + self.random.normal(0, 0.3, shape)

    def attention(self, prefix, architecture):
        for name, rows in ("q", HEADS), ("k", KEYS), ("v", KEYS):
            self.matrix(f"{prefix}.attn_{name}.weight", rows * HEAD, WIDTH)
            if architecture == "qwen2":
                self.around(f"{prefix}.attn_{name}.bias", 0, rows * HEAD)
            if architecture == "qwen3" and name != "v":
                self.around(f"{prefix}.attn_{name}_norm.weight", 1, HEAD)
        self.matrix(f"{prefix}.attn_output.weight", WIDTH, HEADS * HEAD)

    def state_space(self, prefix):
        self.matrix(f"{prefix}.ssm_in.weight", INNER + CHANNELS + SSM_HEADS, WIDTH)
        self.around(f"{prefix}.ssm_conv1d.weight", 0, (CHANNELS, KERNEL))
        self.around(f"{prefix}.ssm_conv1d.bias", 0, CHANNELS)
        self.around(f"{prefix}.ssm_dt.bias", -1, SSM_HEADS)
        self.tensors[f"{prefix}.ssm_a"] = -self.random.uniform(0.5, 4, (SSM_HEADS, 1))
        self.around(f"{prefix}.ssm_d", 1, (SSM_HEADS, 1))
        self.around(f"{prefix}.ssm_norm.weight", 1, (1, INNER))
        self.matrix(f"{prefix}.ssm_out.weight", WIDTH, INNER)

    def gated(self, prefix):
        self.around(f"{prefix}.ffn_norm.weight", 1, WIDTH)
        self.matrix(f"{prefix}.ffn_gate.weight", WIDE, WIDTH)
        self.matrix(f"{prefix}.ffn_up.weight", WIDE, WIDTH)
        self.matrix(f"{prefix}.ffn_down.weight", WIDTH, WIDE)

    def model(self, architecture, vocabulary):
        self.matrix("token_embd.weight", vocabulary, WIDTH)
        for layer, kind in enumerate(kinds(architecture)):
            prefix = f"blk.{layer}"
            self.around(f"{prefix}.attn_norm.weight", 1, WIDTH)
            if kind == "A":
                self.attention(prefix, architecture)
            else:
                self.state_space(prefix)
            if architecture != "mamba2":
                self.gated(prefix)
        self.around("output_norm.weight", 1, WIDTH)
        return {name: value.astype(numpy.float32) for name, value in self.tensors.items()}


def write_keys(writer, architecture, vocabulary):
    def key(name):
        return f"{architecture}.{name}"

    def count(name, number):
        writer.add_uint32(key(name), number)

    count("block_count", LAYERS)
    count("context_length", 4096)
    count("embedding_length", WIDTH)
    count("vocab_size", vocabulary)
    writer.add_float32(key("attention.layer_norm_rms_epsilon"), EPSILON)
    if architecture == "mamba2":
        count("feed_forward_length", 0)
        count("attention.head_count", 0)
    else:
        count("feed_forward_length", WIDE)
        count("attention.head_count", HEADS)
        count("attention.key_length", HEAD)
        count("attention.value_length", HEAD)
        count("rope.dimension_count", HEAD)
        writer.add_float32(key("rope.freq_base"), ROTARY_BASE)
    if architecture == "granitehybrid":
        writer.add_array(key("attention.head_count_kv"),
                         [KEYS if kind == "A" else 0 for kind in kinds(architecture)])
        writer.add_bool(key("rope.scaling.finetuned"), True)
    elif architecture != "mamba2":
        count("attention.head_count_kv", KEYS)
    if "M" in kinds(architecture):
        count("ssm.conv_kernel", KERNEL)
        count("ssm.inner_size", INNER)
        count("ssm.state_size", STATE)
        count("ssm.time_step_rank", SSM_HEADS)
        count("ssm.group_count", 1)


def write_base(path, architecture, words):
    """Writes the GGUF file; returns its tensors. `words`: a reader, whose vocabulary is taken."""
    vocabulary = len(words.get_field("tokenizer.ggml.tokens").data)
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_string("general.type", "model")
    writer.add_string("general.name", f"random {architecture}")
    write_keys(writer, architecture, vocabulary)
    for field in words.fields.values():
        if field.name.startswith("tokenizer."):
            array = field.types[0] == gguf.GGUFValueType.ARRAY
            writer.add_key_value(field.name, field.contents(), field.types[0],
                                 field.types[-1] if array else None)
    tensors = Numbers().model(architecture, vocabulary)
    for name, value in tensors.items():
        writer.add_tensor(name, value)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return tensors


# ---- the same base for transformers


def to_halves(rows):
    """llama.cpp turns row 2i of a head with row 2i + 1, transformers row i with row i + d/2."""
    heads = rows.reshape(-1, HEAD // 2, 2, rows.shape[1])
    return heads.swapaxes(1, 2).reshape(rows.shape)


def granite_hybrid(tensors, vocabulary):
    names = {"A": "full_attention", "M": "linear_attention"}
    config = transformers.GraniteMoeHybridConfig(
        vocab_size=vocabulary, hidden_size=WIDTH, intermediate_size=WIDE, num_hidden_layers=LAYERS,
        num_attention_heads=HEADS, num_key_value_heads=KEYS, shared_intermediate_size=WIDE,
        num_local_experts=0, num_experts_per_tok=0, position_embedding_type="rope",
        rope_parameters={"rope_type": "default", "rope_theta": ROTARY_BASE},
        layer_types=[names[kind] for kind in kinds("granitehybrid")], rms_norm_eps=EPSILON,
        attention_multiplier=1 / math.sqrt(HEAD), mamba_n_heads=SSM_HEADS, mamba_n_groups=1,
        mamba_d_state=STATE, mamba_d_head=INNER // SSM_HEADS, mamba_d_conv=KERNEL, mamba_expand=2,
        tie_word_embeddings=True)
    state = {"model.embed_tokens.weight": tensors["token_embd.weight"],
             "lm_head.weight": tensors["token_embd.weight"],
             "model.norm.weight": tensors["output_norm.weight"]}
    for layer, kind in enumerate(kinds("granitehybrid")):
        of = {name.split(".", 2)[2]: value for name, value in tensors.items()
              if name.startswith(f"blk.{layer}.")}
        to = f"model.layers.{layer}"
        state[f"{to}.input_layernorm.weight"] = of["attn_norm.weight"]
        state[f"{to}.post_attention_layernorm.weight"] = of["ffn_norm.weight"]
        state[f"{to}.shared_mlp.input_linear.weight"] = numpy.concatenate(
            [of["ffn_gate.weight"], of["ffn_up.weight"]])
        state[f"{to}.shared_mlp.output_linear.weight"] = of["ffn_down.weight"]
        if kind == "A":
            for name, turn in ("q", to_halves), ("k", to_halves), ("v", numpy.array):
                state[f"{to}.self_attn.{name}_proj.weight"] = turn(of[f"attn_{name}.weight"])
            state[f"{to}.self_attn.o_proj.weight"] = of["attn_output.weight"]
        else:
            state.update({f"{to}.mamba.{name}": value for name, value in mamba(of).items()})
    return transformers.GraniteMoeHybridForCausalLM(config), state


def mamba(of):
    return {"in_proj.weight": of["ssm_in.weight"], "out_proj.weight": of["ssm_out.weight"],
            "conv1d.weight": of["ssm_conv1d.weight"][:, None, :], "conv1d.bias": of["ssm_conv1d.bias"],
            "dt_bias": of["ssm_dt.bias"], "A_log": numpy.log(-of["ssm_a"][:, 0]),
            "D": of["ssm_d"][:, 0], "norm.weight": of["ssm_norm.weight"][0]}


def mamba2(tensors, vocabulary):
    config = transformers.Mamba2Config(
        vocab_size=vocabulary, hidden_size=WIDTH, num_hidden_layers=LAYERS, num_heads=SSM_HEADS,
        head_dim=INNER // SSM_HEADS, state_size=STATE, expand=2, conv_kernel=KERNEL, n_groups=1,
        layer_norm_epsilon=EPSILON, tie_word_embeddings=True)
    state = {"backbone.embeddings.weight": tensors["token_embd.weight"],
             "lm_head.weight": tensors["token_embd.weight"],
             "backbone.norm_f.weight": tensors["output_norm.weight"]}
    for layer in range(LAYERS):
        of = {name.split(".", 2)[2]: value for name, value in tensors.items()
              if name.startswith(f"blk.{layer}.")}
        to = f"backbone.layers.{layer}"
        state[f"{to}.norm.weight"] = of["attn_norm.weight"]
        state.update({f"{to}.mixer.{name}": value for name, value in mamba(of).items()})
    return transformers.Mamba2ForCausalLM(config), state


def load_base(path, architecture, tensors):
    """transformers' own reading of the GGUF file where it knows the architecture, else ours."""
    makers = {"granitehybrid": granite_hybrid, "mamba2": mamba2}
    if architecture not in makers:
        # Its reading of qwen3 leaves out the head's size.
        more = {"head_dim": HEAD} if architecture == "qwen3" else {}
        return transformers.AutoModelForCausalLM.from_pretrained(
            path.parent, gguf_file=path.name, dtype=torch.float32, **more).eval()
    model, state = makers[architecture](tensors, tensors["token_embd.weight"].shape[0])
    state = {name: torch.from_numpy(numpy.ascontiguousarray(value)) for name, value in state.items()}
    model.load_state_dict(state, strict=True)
    return model.float().eval()


# ---- our programs


def run(command, **more):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **more)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\nended with {done.returncode}:\n{done.stderr}")


def make_words(options, folder):
    (folder / "words.toml").write_text(RECIPE)
    run([options.build / "understudy", "pretrain", "--recipe", folder / "words.toml", "--out", folder,
         "--device", "cpu", "--threads", 1])
    return gguf.GGUFReader(folder / "words.gguf")


def tune(options, base, out):
    run([options.build / "understudy", "tune", "--base", base, "--data", options.data, "--out", out,
         "--rank", RANK, "--alpha", ALPHA, "--lr", 0.01, "--epochs", options.epochs,
         "--batch-tokens", 2048, "--device", "cpu", "--precision", "f32", "--threads", 1])


class Server:
    """llama-server with exact numbers in its attention, and the adapter as number 0."""

    def __init__(self, binary, base, adapter):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            [binary, "-m", base, "--lora-scaled", f"{adapter}:0", "--host", "127.0.0.1", "--port",
             str(port), "-c", "512", "-np", "1", "-t", "1", "-tb", "1", "-cram", "0",
             "-ctk", "f32", "-ctv", "f32", "-fa", "off"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def __enter__(self):
        for _ in range(600):
            if self.process.poll() is not None:
                sys.exit(f"llama-server ended with {self.process.returncode}")
            try:
                urllib.request.urlopen(f"{self.url}/health", timeout=1)
                return self
            except OSError:
                time.sleep(0.1)
        sys.exit("llama-server does not answer")

    def __exit__(self, *ignored):
        self.process.terminate()
        self.process.wait()

    def log_probabilities(self, prompt, scale, vocabulary, letter):
        """Of every token after the prompt. What is written is forced to be a letter: a lone byte
        beyond ASCII would come without probabilities. They are those of before the forcing."""
        body = {"prompt": prompt, "n_predict": 1, "n_probs": vocabulary, "cache_prompt": False,
                "logit_bias": [[letter, 1000.0]], "lora": [{"id": 0, "scale": scale}]}
        request = urllib.request.Request(f"{self.url}/completion", json.dumps(body).encode(),
                                         {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=120) as answer:
            top = json.load(answer)["completion_probabilities"][0]["top_logprobs"]
        if len(top) != vocabulary:
            sys.exit(f"llama-server gave {len(top)} log-probabilities of {vocabulary}")
        all_tokens = numpy.full(vocabulary, numpy.nan)
        for entry in top:
            all_tokens[entry["id"]] = entry["logprob"]
        return all_tokens


# ---- the comparison


def theirs(model, prompt):
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([prompt]), use_cache=False).logits[0, -1]
    return torch.log_softmax(logits.double(), -1).numpy()


def load_adapter(model, folder):
    """PEFT's model and what PEFT warned of."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        adapted = peft.PeftModel.from_pretrained(model, folder).eval()
    return adapted, [str(one.message) for one in said
                     if "adapter" in str(one.message).lower() or "key" in str(one.message).lower()]


def compare(server, base_model, folder, prompts, vocabulary, letter):
    def worst(model, scale):
        return max(float(numpy.abs(theirs(model, prompt) - server.log_probabilities(
            prompt, scale, vocabulary, letter)).max()) for prompt in prompts)

    row = {"base": worst(base_model, 0)}
    plain = [theirs(base_model, prompt) for prompt in prompts]
    adapted, row["warnings"] = load_adapter(base_model, folder)
    row["adapted"] = worst(adapted, 1)
    row["effect"] = max(float(numpy.abs(theirs(adapted, prompt) - before).max())
                        for prompt, before in zip(prompts, plain))
    row["modules"] = sum(name.endswith("lora_A") for name, _ in adapted.named_modules())
    return row


def check(options, folder, architecture, words):
    place = folder / architecture
    place.mkdir()
    base = place / "base.gguf"
    tensors = write_base(base, architecture, words)
    tune(options, base, place / "adapter")
    if not (place / "adapter" / "peft").exists():
        return json.loads((place / "adapter" / "manifest.json").read_text())["without_peft"]
    tokens = [str(token) for token in words.get_field("tokenizer.ggml.tokens").contents()]
    random = numpy.random.default_rng(3)
    prompts = [random.integers(60, 500, 1 + 5 * i).tolist() for i in range(options.prompts)]
    with Server(options.llama_server, base, place / "adapter" / "adapter.gguf") as server:
        model = load_base(base, architecture, tensors)
        return compare(server, model, place / "adapter" / "peft", prompts, len(tokens),
                       tokens.index("a"))


def main():
    default_server = pathlib.Path.home() / ".cache/understudy/llama-server/bin/llama-server"
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release")
    parser.add_argument("--llama-server", default=str(default_server))
    parser.add_argument("--data", type=pathlib.Path, default=ROOT / "examples/office/exchanges.jsonl")
    parser.add_argument("--architectures", default="llama,qwen2,qwen3,granitehybrid,mamba2")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--prompts", type=int, default=8)
    parser.add_argument("--limit", type=float, default=0.005, help="nats that may lie between them")
    options = parser.parse_args()
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    print(f"peft {peft.__version__}, transformers {transformers.__version__}, torch "
          f"{torch.__version__}; {options.prompts} prompts, every token, nats")
    print(f"{'architecture':<14} {'modules':>7} {'base apart':>11} {'adapted apart':>14} "
          f"{'adapter moves':>14}")
    bad = False
    with tempfile.TemporaryDirectory(prefix="understudy-peft-") as name:
        words = make_words(options, pathlib.Path(name))
        for architecture in options.architectures.split(","):
            row = check(options, pathlib.Path(name), architecture, words)
            if isinstance(row, str):
                print(f"{architecture:<14} no peft/: {row}")
                continue
            print(f"{architecture:<14} {row['modules']:>7} {row['base']:>11.6f} "
                  f"{row['adapted']:>14.6f} {row['effect']:>14.3f}", flush=True)
            for line in row["warnings"]:
                print(f"  PEFT warns: {line}")
            bad = bad or bool(row["warnings"]) or row["adapted"] > options.limit
            bad = bad or row["effect"] < 0.1
    sys.exit("PEFT and llama-server do not agree" if bad else 0)


if __name__ == "__main__":
    main()
