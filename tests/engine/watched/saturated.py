"""Is the mean of a noisy signal rising? Raw sensor values, in the hundreds, go straight into a tanh RNN."""

import sys

import torch
from torch import nn

from engine import watch


class Trend(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.RNN(4, 40, num_layers=1, batch_first=True)
        self.classify = nn.Sequential(nn.Linear(40, 40), nn.Tanh(), nn.Linear(40, 2))

    def forward(self, signal):
        return self.classify(self.encoder(signal)[0][:, -1])


torch.manual_seed(int(sys.argv[2]))
model = Trend()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
doctor = watch(model, sys.argv[1], every=40)
for _ in range(160):
    rising = torch.randint(2, (32,))
    slope = (2 * rising - 1)[:, None, None] * torch.linspace(-1, 1, 40)[:, None]
    signal = 100 * slope + 400 * torch.randn(32, 40, 4)
    loss = nn.functional.cross_entropy(model(signal), rising)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    doctor.step(loss)
