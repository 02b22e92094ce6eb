"""PyThaiNLP's lists of words, loaded on first use: importing PyThaiNLP takes longer than most commands."""

from __future__ import annotations

from functools import cache


@cache
def thai_words() -> frozenset[str]:
    """Returns the words of a full dictionary, compounds among them."""
    from pythainlp.corpus import thai_words

    return thai_words()


@cache
def icu_thai_words() -> frozenset[str]:
    """Returns ICU's list, which has fewer compounds."""
    from pythainlp.corpus import thai_icu_words

    return thai_icu_words()


@cache
def thai_word_frequencies() -> dict[str, int]:
    """Returns how often each word stands in the Thai Textbook Corpus, which has a third of all words."""
    from pythainlp.corpus.ttc import unigram_word_freqs

    return dict(unigram_word_freqs())


@cache
def thai_stopwords() -> frozenset[str]:
    """Returns words that say nothing by themselves, such as ได้ and ต้อง."""
    from pythainlp.corpus import thai_stopwords

    return thai_stopwords()


@cache
def thai_given_names() -> frozenset[str]:
    """Returns given names of men and women. One in seven is an ordinary word, too."""
    from pythainlp.corpus import thai_female_names, thai_male_names

    return thai_male_names() | thai_female_names()


@cache
def thai_family_names() -> frozenset[str]:
    """Returns some ten thousand family names; there are far more, for each family has its own."""
    from pythainlp.corpus import thai_family_names

    return thai_family_names()
