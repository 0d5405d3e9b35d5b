"""A character model of a rhyme, with a learning rate that was ten times too large."""

import sys

import torch
from torch import nn

from engine import watch

TEXT = "the cat sat on the mat and the dog sat on the log while the fox ate a box of rocks. " * 40
letters = sorted(set(TEXT))
data = torch.tensor([letters.index(c) for c in TEXT])


class CharModel(nn.Module):
    def __init__(self, vocab, hidden=48):
        super().__init__()
        self.embed = nn.Embedding(vocab, 24)
        self.rnn = nn.RNN(24, hidden, batch_first=True)
        self.decode = nn.Linear(hidden, vocab)

    def forward(self, x):
        return self.decode(self.rnn(self.embed(x))[0])


torch.manual_seed(int(sys.argv[2]))
net = CharModel(len(letters))
optimizer = torch.optim.SGD(net.parameters(), lr=5.0, momentum=0.9)
doctor = watch(net, sys.argv[1], every=40)
for _ in range(160):
    starts = torch.randint(len(data) - 33, (16,))
    batch = torch.stack([data[s : s + 33] for s in starts])
    logits = net(batch[:, :-1])
    loss = nn.functional.cross_entropy(logits.flatten(0, 1), batch[:, 1:].flatten())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    doctor.step(loss)
