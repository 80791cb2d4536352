"""`/settings budget` and what belongs to it: what a server has set, in words, and the forms that change it.

ids          what buttons, selects and forms carry (pure)
amounts      amounts, times and percents as people type them (pure)
lines        rules, marks, lists and pauses in words (pure)
items        the same as numbered entries, page by page (pure)
card         the card, with `buttons` below it
add_forms    the forms behind "Add…"; `change_forms` those behind "Change or remove…", `setting_forms` the others
reading      what a sent form asks for
refusals     why nothing was changed
desk         judges the right, opens forms, does what they ask
simulation   what the last days would have looked like; `log` who changed what
"""
