"""Is a sign that was named also there: to somebody, now? Or is it denied, over, supposed, or asked in general?"""

import re

# The words before a sign, in its clause, that deny it. "Can't stop" and "won't stop" deny nothing.
_DENIED = re.compile(
    r"\b(?:no|not|isnt|is not|arent|wasnt|werent|never|without|hasnt|havent|doesnt|dont|didnt|denies|nor|neither|free of|nothing like"
    r"|sin|nunca)\b(?: (?!(?:stop|know|sure|only|just|wake|respond|answer|able|let|tell|care|get|really sure)\b)[\w,]+){0,4}\W*$"
)
_OVER = re.compile(
    r"\b(?:(?:\w+ )?(?:years?|months?) ago|last (?:year|spring|summer|autumn|fall|winter|month|january|february|march|april|may|june|july"
    r"|august|september|october|november|december|christmas)|in (?:19|20)\d\d|back (?:in|then|when)|used to|as a (?:child|kid|girl|boy)"
    r"|when i was|once (?:had|passed|fainted)|had (?:one|a scare)|(?:its|it is|all|been) (?:fine|ok|okay|over) (?:now|since|again)"
    r"|is (?:fine|well|ok) now|hasnt had any since|hace (?:\w+ )?(?:anos?|meses|mes)|el ano pasado|recovered|sorted it)\b"
)
_NOW = re.compile(
    r"\b(?:now|right now|today|tonight|again|still|keeps?|since (?:last night|this|yesterday|midnight|breakfast|lunch|tea|dinner|an hour|i|he|she|the)"
    r"|this (?:morning|afternoon|evening)|just|minutes?|hours?|help|ahora|hoy|otra vez|ayuda|at the moment|is it starting)\b"
)
_SUPPOSED = re.compile(
    r"\b(?:what if|if (?!i (?:cant|dont)|he (?:cant|doesnt)|she (?:cant|doesnt))|in case|in the event|suppos\w+|imagine|would (?:it|that|i|you|we|he|she)"
    r"|when (?:should|do|would|must|to) (?:i|we|you|one|he|she|they)?|at what point|how (?:do|would|will|can) (?:i|we|you) (?:know|tell|recogni[sz]e|spot)"
    r"|should i (?:worry|ring|call|go|phone|be worried|look)|(?:what|which) (?:signs?|symptoms?)|(?:signs?|symptoms?) (?:of|to watch|should)|watch (?:out )?for"
    r"|(?:could|can|might|may|will|does) (?:\w+ ){1,5}(?:cause|lead to|make|happen|get|start|trigger)|afraid of|worried (?:about|that)|risk of|prepare|ahead of time"
    r"|que pasa si|y si|en caso de|si (?:le|me|tiene|tengo|empieza)|cuando (?:debo|hay que))\b"
)
# Where and how people wish to die, who are in no danger.
_PEACE = re.compile(
    r"\b(?:(?:die|dying|death|pass(?:ing)? away|end (?:his|her|my|their) days) (?:peacefully|comfortably|at home|at peace|naturally|with dignity|in (?:my|his|her|their|our|a|the) (?:own )?(?:bed|home|house|hospice|hospital|sleep)))\b"
)
# What else people say at the end of life: hospice, enough of treatment, peace with death.
_PALLIATIVE = re.compile(
    r"\b(?:hospice|palliative|living will|dnr|do not resuscitate|advance (?:directive|care)|assisted (?:dying|suicide)|euthanasia|funeral|at peace|(?:not|no longer) (?:afraid|scared|frightened) of (?:dying|death)"
    r"|(?:stop|stopped|stopping|no more|refuse|refusing|end|ending|quit|quitting|done with|enough of|against) (?:any |all |the |my |his |her |more |further )*(?:chemo\w*|treatments?|radiation|radiotherapy|therapy|infusions|scans)"
    r"|grie(?:f|ving)|morir en (?:su|mi|la) casa|cuidados paliativos)\b"
)
# A question about the thing itself: what it is, how it is done, whether treatment helps. No person of one's own in it.
_GENERAL = re.compile(
    r"^(?:so |and |ok |please |hi |hello )*(?:what (?:is|are|does|do|causes?|happens|kinds?|types?|else|other)|whats|how (?:do|does|is|are|can|could|might)|why (?:do|does|is|are|would|cant)|which|who"
    r"|can (?:surgery|radiation|radiotherapy|chemo\w*|cancer|advanced|a |an |the |doctors|they|drugs|ablation|anything|you)|does|do |is (?:the|it|there|a|surgery|radiation)"
    r"|are (?:there|the)|surgery|treat\w*|tell me|explain|define|definition|meaning|que es|como se|para que|cual|se puede|sirve|puede (?:la|el))\b"
)
_PERSON = re.compile(
    r"\b(?:i|im|ive|my|me|we|our|us|hes|shes|he|she|her|his|him|theyre|mum|mums|mom|moms|mam|dad|dads|father|mother|husband|husbands|wife|wifes|son|daughter|brother|sister"
    r"|nan|gran|grandma|grandad|grandpa|uncle|aunt|partner|friend|neighbou?r|patient|baby|child|someone|help|yo|mi|me|mis|mama|papa|esposo|esposa|hijo|hija|abuel\w|ella|el|tengo|esta"
    r"|ma|mon|mein\w*|meu|minha|mia|mio|ich|je|er|sie|ele|ela|elle|il)\b"
)


_WISH_TO_LIVE = re.compile(
    r"\b(?:do not|dont|does not|doesnt|did not|didnt|never|nobody|no one) (?:really |ever |even )?(?:want|wants|wanted|wanna|wish|wishes)(?: to)? die\b"
    r"|\bno (?:quiero|quiere) morir\w*\b"
)


def denied(before: str) -> bool:
    """Whether the words of a clause that stand before a sign deny it."""
    return bool(_DENIED.search(before))


def over(clause: str) -> bool:
    """Whether a clause tells of the past and of nothing now."""
    return bool(_OVER.search(clause)) and not _NOW.search(clause)


def supposed(clause: str) -> bool:
    """Whether a clause supposes something or asks what to do if it came."""
    return bool(_SUPPOSED.search(clause))


def general(clause: str) -> bool:
    """Whether a clause asks about the thing itself, or names nobody to whom it happens."""
    return not _PERSON.search(clause) or (
        bool(_GENERAL.search(clause)) and not re.search(r"\b(?:i am|im|ive|my|hes|shes|he|she|her|his|me)\b", clause)
    )


def palliative(text: str) -> bool:
    """Whether a text is about dying, hospice or stopping treatment, as people speak of it who are in no danger."""
    return bool(_PALLIATIVE.search(text))


def peaceful(text: str) -> bool:
    """Whether a text is about dying at home, in peace or the like."""
    return bool(_PEACE.search(text))


def without_wish_to_live(text: str) -> str:
    """A text without "I don't want to die": the opposite of a wish to die, in its very words. All else that is said stays."""
    return _WISH_TO_LIVE.sub(" ", text)
