"""Recall over fifteen tokens, of sequences of several lengths, with a bidirectional GRU and packing."""

import sys

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

from engine import watch


class Recall(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(12, 24)
        self.gru = nn.GRU(24, 32, bidirectional=True, batch_first=True)
        self.head = nn.Linear(64, 10)

    def forward(self, tokens, lengths):
        packed = pack_padded_sequence(
            self.embed(tokens), lengths, batch_first=True, enforce_sorted=False
        )
        _, last = self.gru(packed)
        return self.head(torch.cat([last[0], last[1]], -1))


torch.manual_seed(int(sys.argv[2]))
model = Recall()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
doctor = watch(model, sys.argv[1], every=40)
for _ in range(200):
    lengths = torch.randint(8, 16, (32,))
    tokens = torch.randint(10, (32, 15))
    loss = nn.functional.cross_entropy(model(tokens, lengths), tokens[:, 0])
    optimizer.zero_grad()
    loss.backward()
    doctor.step(loss.item())
    optimizer.step()
