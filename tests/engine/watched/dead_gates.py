"""Recall over thirty tokens with an LSTM; somebody set the forget bias with the wrong sign."""

import sys

import torch
import torch.nn.functional as F
from torch import nn

from engine import watch

torch.manual_seed(int(sys.argv[2]))
embed, lstm, head = nn.Embedding(12, 24), nn.LSTM(24, 48), nn.Linear(48, 10)
with torch.no_grad():
    lstm.bias_ih_l0[48:96] = -5.0
net = nn.ModuleDict({"embed": embed, "lstm": lstm, "head": head})
optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3)
doctor = watch(net, sys.argv[1], every=40)
for _ in range(160):
    first = torch.randint(10, (32,))
    tokens = torch.cat([first[None], torch.full((28, 32), 10), torch.full((1, 32), 11)])
    _, (h, _) = lstm(embed(tokens))
    loss = F.cross_entropy(head(h[-1]), first)
    loss.backward()
    optimizer.step()
    doctor.step(loss)
    optimizer.zero_grad()
