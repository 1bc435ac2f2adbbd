"""The words of the pages for what the tables hold as a code."""

from __future__ import annotations

PLATFORM_WORDS = {
    "instagram": "Instagram",
    "tiktok": "TikTok",
    "youtube": "YouTube",
    "twitch": "Twitch",
    "x": "X",
    "facebook": "Facebook",
    "other": "another platform",
}

VERDICT_NAMES = {"insufficient_data": "no verdict"}
"""Verdicts whose code is no plain word; the others are named as they are."""

VERDICT_MEANINGS = {
    "pass": "nothing to look into first",
    "review": "a person should look",
    "reject": "strong signals",
    "insufficient_data": "it cannot be told from what is here",
}

NEXT_STEPS = {
    "pass": "Nothing here speaks against working with this account. The verdict is about bought audience and "
    "engagement alone, not about whether the account fits a campaign.",
    "review": "Before money is paid, read the signals below and ask the creator about the days and posts they name: "
    "many such accounts are honest. Record what you find.",
    "reject": "Do not pay on these numbers. Ask the creator for the platform's own statistics of the days and posts "
    "named below; where they explain the signals, record that and overrule this verdict.",
    "insufficient_data": "Supply more of this account and score it again: a verdict is owed from 14 follower "
    "readings, 3 posts older than 48 hours with their counts, or 20 comments on. Until then it is neither trusted "
    "nor suspected.",
}
"""What a campaign manager does with each verdict."""

NEXT_STEP_WITHOUT_REASONS = (
    "Before money is paid, a person weighs the score against what is known of the creator, or supplies more data: no "
    "single signal can be named, so there is nothing particular to ask. Many such accounts are honest."
)
"""What to do with a review for which no reason can be shown."""

BEYOND_TRAINING = (
    "More data of this account would not change this: the model was trained on no account like it. A person has to "
    "judge it; what was seen stands below. It is neither trusted nor suspected."
)
"""What to do without a verdict where enough is observed."""

VERDICT_BEYOND = "No verdict: unlike the accounts that the model was trained on"
"""Said instead of too little being observed."""
