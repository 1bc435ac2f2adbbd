"""One pass over the bytes of texts: folding, counting and hashing, character by character.

A text is folded into a buffer of characters (`_fold`), and what the writer says is counted there (`_count`). What a
character is and becomes stands in tables by code point (`Characters`, made by `features.characters`). A text with a
rare shape, such as markup, an address, a telephone number or marks that change places, is left to the expressions of
`features.text`: the pass names it, and gets it a second time as what was said.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

CODE_POINTS = 0x110000

# What a character is, one bit each -----------------------------------------------------------------------------------

LETTER_OR_DIGIT, NUMBER, MARK, SYMBOL, VISIBLE, SPACED, SPACED_OR_MARK, DENSE, SYLLABIC, QUESTION = (
    1 << bit for bit in range(10)
)
NAME, NAME_START, MAIL, LETTER = (1 << bit for bit in range(10, 14))
"""`SPACED` letters and digits are those of scripts with spaces; `NAME` and `MAIL` stand in names and addresses."""

SCRIPT_SHIFT, SCRIPT_MASK = 14, 15
"""Four bits for the script of a letter, its place in `SCRIPTS`."""

# What folding does to it ---------------------------------------------------------------------------------------------

ACTION_SHIFT = 18
ACTION_MASK = 7 << ACTION_SHIFT
MAPPED, DROPPED, SPREAD, COMBINING, WATCHED, RARE = (number << ACTION_SHIFT for number in range(1, 7))
"""Becomes another character, none, or several; may change places with or melt into the one before it; stays, but may
start markup, an entity or a telephone number; is left to the expressions. No action: the character stays as it is."""

LETTER_SHIFT, LETTERS = 21, 128
"""Seven bits for the character's place in `Characters.masks`; 0 for those in no string that is looked for."""

BUCKETS, BUCKET_LENGTH = 8, 8
"""Sets of strings that are looked for together, and last characters by which a string is found."""

CLASSES_SHIFT, CODE_MASK = 32, (1 << 32) - 1
"""A folded character in the buffer: its entry above, its code point below."""

BLOCK_BYTES = 4096
"""Bytes of text that are worked on at once."""

LONGEST_SEQUENCE = 4
"""Characters that one may become; of at least two bytes each such, so that two for each byte is room enough."""

DIALLED_DIGITS, DIALLED_FROM_HOME_DIGITS = 8, 10
"""Fewest digits of a telephone number behind a plus, and without one."""

# What is derived -----------------------------------------------------------------------------------------------------

WORD_COUNT, LETTER_COUNT, SYMBOL_KINDS, LIST_LENGTH = range(4)
HAS_MENTION, HAS_CONTACT, HAS_QUESTION, HAS_VISIBLE = range(4)
TEXT, OPENING, CLOSING, SYMBOLS, FIRST_SYMBOL = range(5)
"""Rows of `Columns.counts`, `Columns.flags` and `Columns.keys`."""

_AT, _PLUS, _ZERO = ord("@"), ord("+"), ord("0")
_A, _Z, _LETTER_CASE, _NUMBER_SIGN, _SLASH, _LESS = ord("a"), ord("z"), 0x20, ord("#"), ord("/"), ord("<")

_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # 2^64 / golden ratio: multiples of small differences lie far apart
_MIX_FIRST, _MIX_SECOND = np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)  # MurmurHash3, fmix64
_MIX_SHIFT, _TURN, _TURN_BACK = np.uint64(33), np.uint64(23), np.uint64(41)
_PLAIN, _PLAIN_MASK = LETTER_OR_DIGIT | SPACED, LETTER_OR_DIGIT | SPACED | NUMBER | MARK | DENSE | SYLLABIC
_BUCKET_BITS, _FIRST_PLACE, _LAST_PLACE = np.uint64(8), np.uint64(0xFF), np.uint64(56)
_SEED, _SPACED_SEED, _UNSPACED_SEED = np.uint64(1), np.uint64(2), np.uint64(3)
_NONE, _ONE = np.uint64(0), np.uint64(1)


class Characters(NamedTuple):
    """What each character is and becomes: arrays by code point, and what these refer to.

    Attributes:
        entries: uint32, bits as above.
        folded: int32, what the character becomes; of a sequence, where in `sequences` it starts.
        sequences: int32, a length followed by as many characters, one after the other.
        combining: uint8, order among combining marks (Unicode's canonical combining class); 0 for all but marks.
        firsts, seconds: int16, row and column of `composes`; 0 for characters that never compose.
        composes: bool, whether the two become one character.
        masks: uint64, `LETTERS` of them. Bit 8 * i + j is set where the letter stands at place i of one of the strings
            of bucket j, whose last characters stand at place 7, or where that has no character at place i.
    """

    entries: NDArray[np.uint32]
    folded: NDArray[np.int32]
    sequences: NDArray[np.int32]
    combining: NDArray[np.uint8]
    firsts: NDArray[np.int16]
    seconds: NDArray[np.int16]
    composes: NDArray[np.bool_]
    masks: NDArray[np.uint64]


class Limits(NamedTuple):
    """What the features ask for, see `features.text`: words, and characters of scripts without spaces for a word."""

    longest_list: int
    frame_words: int
    sentence_words: int
    content_letters: int
    dense_per_word: int
    syllabic_per_word: int
    long_dense_word: int
    long_syllabic_word: int
    dense_script: int


class Columns(NamedTuple):
    """What is derived of n texts, written by `read_texts`; see `features.text.TextPass`.

    `counts`, `flags` and `keys` have a row for each of the names above and n columns. `is_rare` names the texts that
    were left; they have no words, and what else is written of them means nothing.
    """

    counts: NDArray[np.int64]
    flags: NDArray[np.bool_]
    keys: NDArray[np.uint64]
    script: NDArray[np.int8]
    slotted_keys: NDArray[np.uint64]
    is_rare: NDArray[np.bool_]
    word_offsets: NDArray[np.int64]
    word_keys: NDArray[np.uint64]
    word_is_content: NDArray[np.bool_]


@njit(cache=True, nogil=True)
def read_texts(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    is_said: bool,
    limits: Limits,
    characters: Characters,
    columns: Columns,
) -> None:
    """Fill `columns` from UTF-8 texts, the i-th from byte `offsets[i]` to `offsets[i + 1]`.

    Texts are as published or, with `is_said`, what was said in them: folded, without addresses and names. Then no text
    is rare.

    Texts are worked on in blocks that fit the processor's nearest memory. Arrays are counted when they are handed to a
    function or taken out of a tuple, which per text would cost as much as the work.
    """
    rows = offsets.size - 1
    longest = BLOCK_BYTES
    for row in range(rows):
        longest = max(longest, offsets[row + 1] - offsets[row])
    # Two characters for a byte at most, and one behind each text.
    buffer = np.empty(3 * longest + LONGEST_SEQUENCE, np.int64)
    starts = np.empty(longest + 2, np.int64)
    spelled = np.empty(buffer.size, np.int64)
    last_seen = np.zeros(CODE_POINTS, np.int64)
    columns.word_offsets[0] = 0
    row = 0
    while row < rows:
        end = row + 1
        while end < rows and offsets[end + 1] - offsets[row] <= longest and end - row <= longest:
            end += 1
        if is_said:
            _decode(data, offsets, row, end, characters.entries, buffer, starts)
        else:
            _fold(
                data,
                offsets,
                row,
                end,
                characters.entries,
                characters.folded,
                characters.sequences,
                characters.combining,
                characters.firsts,
                characters.seconds,
                characters.composes,
                characters.masks,
                buffer,
                starts,
            )
        _count(
            row,
            end,
            is_said,
            limits,
            buffer,
            starts,
            spelled,
            last_seen,
            columns.counts,
            columns.flags,
            columns.keys,
            columns.script,
            columns.slotted_keys,
            columns.is_rare,
            columns.word_offsets,
            columns.word_keys,
            columns.word_is_content,
        )
        row = end


@njit(cache=True, nogil=True)
def _next_character(data: NDArray[np.uint8], position: np.int64) -> tuple[np.int64, np.int64]:
    """The code point at this byte of UTF-8, and the byte behind it."""
    byte = np.int64(data[np.uint64(position)])
    if byte < 0x80:
        return byte, position + 1
    second = np.int64(data[np.uint64(position + 1)]) & 0x3F
    if byte < 0xE0:
        return (byte & 0x1F) << 6 | second, position + 2
    third = np.int64(data[np.uint64(position + 2)]) & 0x3F
    if byte < 0xF0:
        return (byte & 0x0F) << 12 | second << 6 | third, position + 3
    fourth = np.int64(data[np.uint64(position + 3)]) & 0x3F
    return (byte & 0x07) << 18 | second << 12 | third << 6 | fourth, position + 4


@njit(cache=True, nogil=True)
def _decode(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    first_row: int,
    end_row: int,
    entries: NDArray[np.uint32],
    buffer: NDArray[np.int64],
    starts: NDArray[np.int64],
) -> None:
    """Put the characters of the texts into the buffer as they are; see `_fold`."""
    length = 0
    for row in range(first_row, end_row):
        starts[row - first_row] = length
        position, end = offsets[row], offsets[row + 1]
        while position < end:
            code, position = _next_character(data, position)
            buffer[np.uint64(length)] = np.int64(entries[np.uint64(code)]) << CLASSES_SHIFT | code
            length += 1
        buffer[np.uint64(length)] = 0
        length += 1
    starts[end_row - first_row] = length


@njit(cache=True, nogil=True)
def _fold(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    first_row: int,
    end_row: int,
    entries: NDArray[np.uint32],
    folded: NDArray[np.int32],
    sequences: NDArray[np.int32],
    combining: NDArray[np.uint8],
    firsts: NDArray[np.int16],
    seconds: NDArray[np.int16],
    composes: NDArray[np.bool_],
    masks: NDArray[np.uint64],
    buffer: NDArray[np.int64],
    starts: NDArray[np.int64],
) -> None:
    """Put the folded characters of the texts into the buffer, each text at its place in `starts`, 0 behind it.

    A rare text leaves not even the 0.
    """
    length = 0
    for row in range(first_row, end_row):
        starts[row - first_row] = length
        position, end = offsets[row], offsets[row + 1]
        digits, previous = np.int64(0), np.int64(0)
        has_plus, is_whole = False, True
        read, found = masks[0], _NONE
        while position < end:
            code, position = _next_character(data, position)
            entry = np.int64(entries[np.uint64(code)])
            action = entry & ACTION_MASK
            if action == 0:
                previous = code
            else:
                if action == RARE or (
                    action == COMBINING and _moves_or_melts(code, previous, combining, firsts, seconds, composes)
                ):
                    is_whole = False
                    break
                previous = code
                if action == DROPPED:
                    continue
                if action == WATCHED:
                    is_whole = position == end or not _opens(code, np.int64(data[np.uint64(position)]))
                    if not is_whole:
                        break
                elif action == SPREAD:
                    start = np.int64(folded[code])
                    last = start + np.int64(sequences[start])
                    for place in range(start + 1, last):
                        code = np.int64(sequences[place])
                        entry = np.int64(entries[np.uint64(code)])
                        buffer[np.uint64(length)] = entry << CLASSES_SHIFT | code
                        length += 1
                        digits += entry & NUMBER
                        read = (read << _BUCKET_BITS | _FIRST_PLACE) & masks[np.uint64(entry >> LETTER_SHIFT)]
                        found |= read
                    code = np.int64(sequences[last])
                    entry = np.int64(entries[np.uint64(code)])
                else:
                    code = np.int64(folded[code])
                    entry = np.int64(entries[np.uint64(code)])
                has_plus |= code == _PLUS
            buffer[np.uint64(length)] = entry << CLASSES_SHIFT | code
            length += 1
            digits += entry & NUMBER
            read = (read << _BUCKET_BITS | _FIRST_PLACE) & masks[np.uint64(entry >> LETTER_SHIFT)]
            found |= read
        digits //= NUMBER
        is_dialled = digits >= DIALLED_DIGITS and (has_plus or digits >= DIALLED_FROM_HOME_DIGITS)
        if is_whole and not is_dialled and not found >> _LAST_PLACE:
            buffer[np.uint64(length)] = 0
            length += 1
        else:
            length = starts[row - first_row]
    starts[end_row - first_row] = length


@njit(cache=True, nogil=True)
def _opens(code: np.int64, byte: np.int64) -> bool:
    """Whether the byte behind "<" or "&" makes it markup or an entity, as far as one byte can tell."""
    if code == _PLUS:
        return False
    is_letter = _A <= (byte | _LETTER_CASE) <= _Z
    return bool(is_letter or byte == (_SLASH if code == _LESS else _NUMBER_SIGN))


@njit(cache=True, nogil=True)
def _moves_or_melts(
    code: np.int64,
    previous: np.int64,
    combining: NDArray[np.uint8],
    firsts: NDArray[np.int16],
    seconds: NDArray[np.int16],
    composes: NDArray[np.bool_],
) -> bool:
    """Whether normalisation may put this mark before the previous character, or make one of it and an earlier one."""
    order, order_before = combining[code], combining[previous]
    second = seconds[code]
    if order_before == 0:
        return bool(composes[firsts[previous], second])
    # Between a letter and this mark stands another one: of a higher order it goes behind this one, of the same order it
    # keeps this one from the letter, as any does that stands before a character without an order.
    return bool(order != 0 and (order_before > order or (order_before < order and second != 0)))


@njit(cache=True, nogil=True)
def _count(
    first_row: int,
    end_row: int,
    is_said: bool,
    limits: Limits,
    buffer: NDArray[np.int64],
    starts: NDArray[np.int64],
    spelled: NDArray[np.int64],
    last_seen: NDArray[np.int64],
    counts: NDArray[np.int64],
    flags: NDArray[np.bool_],
    keys: NDArray[np.uint64],
    scripts: NDArray[np.int8],
    slotted_keys: NDArray[np.uint64],
    is_rare: NDArray[np.bool_],
    word_offsets: NDArray[np.int64],
    word_keys: NDArray[np.uint64],
    word_is_content: NDArray[np.bool_],
) -> None:
    """Count and hash what is said in the texts of the buffer, and write it to the columns.

    The characters of a text's list of words go to `spelled`. `last_seen` holds the last text of each symbol, counted
    from 1.
    """
    for row in range(first_row, end_row):
        start, length = starts[row - first_row], starts[row - first_row + 1] - 1
        word = word_offsets[row]
        letters, spaced, dense, syllabic, kinds, seen = 0, 0, 0, 0, 0, 0
        script = -1
        words, spelled_length = 0, 0
        has_mention = False
        text, opening, symbols, first_symbol = _SEED, _NONE, _NONE, _NONE
        if length < start:
            words = -1
        place = start
        while place < length:
            character = buffer[np.uint64(place)]
            entry = character >> CLASSES_SHIFT
            if entry & LETTER_OR_DIGIT:
                key = _SEED
                word_start = spelled_length
                in_number, in_spaced = False, False
                while True:
                    if entry & _PLAIN_MASK == _PLAIN:
                        if script < 0:
                            script = entry >> SCRIPT_SHIFT & SCRIPT_MASK
                        spaced += not in_spaced
                        in_number, in_spaced = False, True
                        run_start = place
                        while entry & _PLAIN_MASK == _PLAIN:
                            code = character & CODE_MASK
                            key = (key ^ np.uint64(code)) * _MULTIPLIER
                            spelled[np.uint64(spelled_length)] = code
                            spelled_length += 1
                            place += 1
                            character = buffer[np.uint64(place)]
                            entry = character >> CLASSES_SHIFT
                        letters += place - run_start
                    if entry & (LETTER_OR_DIGIT | MARK) == 0:
                        break
                    letters += entry & LETTER_OR_DIGIT
                    dense += (entry & DENSE) != 0
                    syllabic += (entry & SYLLABIC) != 0
                    is_spaced = (entry & SPACED) != 0
                    spaced += is_spaced and not in_spaced
                    in_spaced = is_spaced or (in_spaced and (entry & SPACED_OR_MARK) != 0)
                    if script < 0 and entry & LETTER:
                        script = entry >> SCRIPT_SHIFT & SCRIPT_MASK
                    code = character & CODE_MASK
                    is_further_digit = in_number and entry & NUMBER
                    in_number = (entry & NUMBER) != 0
                    if not is_further_digit:
                        if in_number:
                            code = _ZERO
                        key = (key ^ np.uint64(code)) * _MULTIPLIER
                        spelled[np.uint64(spelled_length)] = code
                        spelled_length += 1
                    place += 1
                    character = buffer[np.uint64(place)]
                    entry = character >> CLASSES_SHIFT
                if words < limits.longest_list:
                    key = _mixed(key)
                    word_keys[np.uint64(word + words)] = key
                    word_is_content[np.uint64(word + words)] = spelled_length - word_start >= limits.content_letters
                    text = _joined(text, key)
                    words += 1
                    if words == limits.frame_words:
                        opening = text
                else:
                    spelled_length = word_start
                continue
            code = character & CODE_MASK
            place += 1
            if code == _AT and not is_said:
                if place > start + 1 and buffer[place - 2] >> CLASSES_SHIFT & MAIL:
                    words = -1
                    break
                if buffer[np.uint64(place)] >> CLASSES_SHIFT & NAME_START:
                    has_mention = True
                    place += 1
                    while buffer[np.uint64(place)] >> CLASSES_SHIFT & NAME:
                        place += 1
                    continue
            seen |= entry
            syllabic += (entry & SYLLABIC) != 0
            if entry & SYMBOL:
                if kinds == 0:
                    first_symbol = np.uint64(code)
                symbols = _joined(symbols, np.uint64(code))
                kinds += last_seen[np.uint64(code)] != row + 1
                last_seen[np.uint64(code)] = row + 1
        is_rare[row] = words < 0
        word_offsets[row + 1] = word + max(words, 0)
        if words < 0:
            continue
        word_count = spaced + _estimated(dense, limits.dense_per_word) + _estimated(syllabic, limits.syllabic_per_word)
        counts[WORD_COUNT, row] = word_count
        counts[LETTER_COUNT, row] = letters
        counts[SYMBOL_KINDS, row] = kinds
        counts[LIST_LENGTH, row] = words
        flags[HAS_MENTION, row] = has_mention
        flags[HAS_QUESTION, row] = (seen & QUESTION) != 0
        flags[HAS_VISIBLE, row] = (seen & VISIBLE) != 0
        scripts[row] = script
        keys[TEXT, row] = _mixed(text) if words > 0 else _NONE
        keys[SYMBOLS, row] = _mixed(symbols) if kinds > 0 else _NONE
        keys[FIRST_SYMBOL, row] = _mixed(first_symbol) if kinds > 0 else _NONE
        keys[OPENING, row] = _NONE
        keys[CLOSING, row] = _NONE
        if words > limits.frame_words:
            closing = _SEED
            for place in range(word + words - limits.frame_words, word + words):
                closing = _joined(closing, word_keys[place])
            keys[OPENING, row] = _mixed(opening)
            keys[CLOSING, row] = _mixed(closing)
        # In scripts without spaces characters are counted off instead of words.
        is_unspaced = word_count // 2 > words
        per_word = limits.long_dense_word if script == limits.dense_script else limits.long_syllabic_word
        for first in range(1, limits.sentence_words):
            last = limits.sentence_words - first
            key = _NONE
            if is_unspaced and spelled_length > per_word * limits.sentence_words:
                key = _UNSPACED_SEED
                for place in range(per_word * first):
                    key = _joined(key, np.uint64(spelled[place]))
                for place in range(spelled_length - per_word * last, spelled_length):
                    key = _joined(key, np.uint64(spelled[place]))
                key = _mixed(key)
            elif not is_unspaced and words > limits.sentence_words:
                key = _SPACED_SEED
                for place in range(word, word + first):
                    key = _joined(key, word_keys[place])
                for place in range(word + words - last, word + words):
                    key = _joined(key, word_keys[place])
                key = _mixed(key)
            slotted_keys[row, first - 1] = key


@njit(cache=True, nogil=True)
def _estimated(characters: int, per_word: int) -> int:
    """Words that so many characters make, rounded up."""
    return (characters + per_word - 1) // per_word if characters > 0 else 0


@njit(cache=True, nogil=True)
def _joined(state: np.uint64, key: np.uint64) -> np.uint64:
    """A state that remembers the key behind those before it."""
    return ((state << _TURN | state >> _TURN_BACK) ^ key) * _MULTIPLIER


@njit(cache=True, nogil=True)
def _mixed(state: np.uint64) -> np.uint64:
    """The state with every bit spread over all of them; never 0, which means that there was nothing."""
    state = (state ^ state >> _MIX_SHIFT) * _MIX_FIRST
    state = (state ^ state >> _MIX_SHIFT) * _MIX_SECOND
    state ^= state >> _MIX_SHIFT
    return state if state != _NONE else _ONE


@njit(cache=True, nogil=True)
def merge_words(
    is_other: NDArray[np.bool_],
    offsets: NDArray[np.int64],
    keys: NDArray[np.uint64],
    is_content: NDArray[np.bool_],
    other_offsets: NDArray[np.int64],
    other_keys: NDArray[np.uint64],
    other_is_content: NDArray[np.bool_],
    merged_offsets: NDArray[np.int64],
    merged_keys: NDArray[np.uint64],
    merged_is_content: NDArray[np.bool_],
) -> None:
    """Words of all texts in order: the next of the others where `is_other`, and such a text's own elsewhere."""
    merged, other = 0, 0
    merged_offsets[0] = 0
    for row in range(is_other.size):
        if is_other[row]:
            for word in range(other_offsets[other], other_offsets[other + 1]):
                merged_keys[merged] = other_keys[word]
                merged_is_content[merged] = other_is_content[word]
                merged += 1
            other += 1
        else:
            for word in range(offsets[row], offsets[row + 1]):
                merged_keys[merged] = keys[word]
                merged_is_content[merged] = is_content[word]
                merged += 1
        merged_offsets[row + 1] = merged
