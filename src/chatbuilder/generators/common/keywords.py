"""Telling words of a chat."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from itertools import islice

MOST, READ = 8, 20_000  # words; characters of the prompts that they are taken from
_STOP = frozenset(re.findall(r"\w+", """
about after again also although always another anything because been before being best between both came come
could does doing done each even every example explain find first from gave give given going good have having
help here hers himself into just keep know like look made make many maybe might more most much must need never
next only other over please really same should show since some something still such sure take tell than thank
thanks that their them then there these they thing things think this those through time under until upon used
uses using very want wants was way well were what when where which while will with within without would write
wrote yes your yours aber alle auch auf aus bei bitte das dass dem den der des die dies doch ein eine einen
einer eines fuer für habe haben hier ich ist kann kannst mein mich mit nach nicht noch nur oder sich sie sind
und uns unter von war was wenn wie wird wir zum zur avec bien cette ces dans des donc elle est fait mais mes mon
nous par pas plus pour quel quelle que qui sont sur tout une vous como con del desde donde ella ese esta este
los las mis muy más nos para pero por porque qué quiero sin son una uno the and for are but not you all any can
had her him his how its let may new now off old one our out own say see she too two who why yet
"""))  # fmt: skip
_WORD = re.compile(r"[^\W\d_][\w+#.-]*[\w+#]|[^\W\d_]{3,}")


def keywords(title: str, prompts: Iterable[str]) -> str:
    """Return up to eight telling words: those that stand most often in title (three times over) and prompts.

    Words of three to thirty characters, lower case, without the commonest words of English, German, French and
    Spanish; equally frequent ones in order of appearance. The first 20,000 characters of the prompts count.
    """
    texts, left = [title.lower()] * 3, READ
    for prompt in prompts:
        texts.append(prompt[:left].lower())
        left -= len(prompt)
        if left <= 0:
            break
    counts: dict[str, int] = {}
    # What stands between spaces is counted first: most of it comes again and is a word as it is.
    for piece, times in Counter("\n".join(texts).split()).items():
        for word in (piece,) if piece.isalpha() else _WORD.findall(piece):
            counts[word] = counts.get(word, 0) + times
    frequent = sorted(counts, key=counts.__getitem__, reverse=True)  # equals stay in order
    return " ".join(islice((word for word in frequent if 3 <= len(word) <= 30 and word not in _STOP), MOST))
