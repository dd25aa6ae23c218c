"""PyTorch's `varlen_attn` in plain operations, for where its kernel cannot run."""

from itertools import pairwise

import torch


def varlen_attn(
    query, key, value, cu_seq_q, cu_seq_k, max_q, max_k, *,
    scale=None, window_size=(-1, -1), enable_gqa=False,
):  # fmt: skip
    """`[tokens, heads, size]`; each document between two edges sees itself alone.

    A window of `(left, 0)` lets a token see `left` tokens before it, and itself.
    """
    assert cu_seq_q.dtype == torch.int32
    assert torch.equal(cu_seq_q, cu_seq_k)
    assert cu_seq_q[-1] == len(query) == len(key)
    edges = cu_seq_q.tolist()
    assert max(b - a for a, b in pairwise(edges)) == max_q == max_k
    assert enable_gqa or query.shape[1] == key.shape[1]
    left, right = window_size
    assert right == 0
    scale = scale or query.shape[-1] ** -0.5
    groups = query.shape[1] // key.shape[1]
    out = []
    for start, stop in pairwise(edges):
        q, k, v = (each[start:stop].transpose(0, 1) for each in (query, key, value))
        k, v = k.repeat_interleave(groups, 0), v.repeat_interleave(groups, 0)
        places = torch.arange(stop - start)
        behind = places[:, None] - places[None, :]
        seen = (behind >= 0) & ((behind <= left) if left >= 0 else True)
        scores = (q @ k.transpose(1, 2) * scale).masked_fill(~seen, -torch.inf)
        out.append((scores.softmax(-1) @ v).transpose(0, 1))
    return torch.cat(out)
