"""The famous failures of sequence models as tasks, each small enough to be known in full.

bank.py       one word, two senses; the word that tells stands before it or after it
garden.py     sentences whose beginning is read wrongly at first, with exact expectations
but.py        a verdict that a later clause turns, and a long tail after it
answer.py     facts first, the question last
item.py       a text with one question in it; corpora.py: what training and cards want of each
"""
