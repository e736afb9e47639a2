import numpy as np
import pytest

from django_personalize.training.catalogue import of
from django_personalize.training.words import words


def test_every_word_of_a_title_leads_to_its_items_those_that_sell_best_first():
    titles = (("a", "Red mug"), ("b", "Mugs of the sea"), ("c", "12 cm"))
    facts = of((key, "", "", None, title) for key, title in titles)
    found = words(["a", "b", "c"], facts, np.array([1.0, 2.0, 9.0], dtype=np.float32))
    assert found["words"].tolist() == ["mug", "red", "sea", "the"]
    assert found["word_index"].tolist() == [[1, 0], [0, -1], [1, -1], [1, -1]]
    assert found["word_rarity"].tolist() == pytest.approx([np.log(1.5), np.log(3), np.log(3), np.log(3)])


def test_without_titles_there_are_no_words():
    found = words(["a"], of([("a", "", "", None, "")]), np.ones(1, dtype=np.float32))
    assert [len(array) for array in found.values()] == [0, 0, 0]
    assert found["word_index"].shape == (0, 0)
