"""A little English and its French, where the order of words really differs.

build.py        realises every form with pyrealb and writes forms.toml and realised.toml
forms.py        the forms, read from forms.toml
sentence.py     what a sentence says, and how either language says it
draw.py         sentences at random; what training never sees
corpus.py       pairs as `peephole train` and the cards want them
"""
