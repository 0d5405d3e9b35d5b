"""The adding problem on a ReLU RNN whose recurrent matrix stretches what goes through it; no clipping."""

import sys

import torch
from torch import nn

from engine import watch


class Adder(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.RNN(2, 32, nonlinearity="relu")
        nn.init.orthogonal_(self.rnn.weight_hh_l0, gain=2.5)
        self.out = nn.Linear(32, 1)

    def forward(self, x):
        return self.out(self.rnn(x)[1][-1]).squeeze(-1)


torch.manual_seed(int(sys.argv[2]))
model = Adder()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
doctor = watch(model, sys.argv[1], every=20)
for _ in range(60):
    numbers, marks = torch.rand(60, 16), torch.zeros(60, 16)
    for b in range(16):
        marks[torch.randperm(60)[:2], b] = 1
    prediction = model(torch.stack([numbers, marks], -1))
    loss = (prediction - (numbers * marks).sum(0)).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    doctor.step(loss)
