"""Sources and their targets: what encoder-decoders are trained on and scored by.

copying.py    symbols said again, the task whose answer is the whole source
spelling.py   English spelling to sound
scoring.py    free-running output of many sources at once, and how far it is from what is right
"""
