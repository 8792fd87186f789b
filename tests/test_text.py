"""Texts: vocabulary, tokens and masks, the transformer over them, and models over counted words."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import sparse
from sklearn.base import clone
from sklearn.model_selection import cross_val_score
from sklearn.utils import estimator_checks, get_tags
from torch import nn

import estimators
from estimators import TextTransformerClassifier, registry
from estimators.deep._attention import EncoderBlock
from estimators.deep._data import POOL, Rows, batches
from estimators.deep._inputs import UNKNOWN
from estimators.deep._text import numbers_of
from pipelines import Dataset, make_pipeline, read_data
from pipelines.latent import LatentWords
from search import compare
from search.pipeline_space import pipeline_space
from tests.checks import build

SIDES = {
    "sport": ["the team won the match", "a late goal in the cup", "the coach praised the players"],
    "money": ["shares fell on the market", "the bank raised its rates", "profits of the company"],
}
TEXTS = [text for texts in SIDES.values() for text in texts] * 10
LABELS = [side for side, texts in SIDES.items() for _ in texts] * 10
COUNTING = ("logistic", "naive-bayes", "linear-svm", "knn", "svm")


def small(**params):
    return build("text-transformer", "classification", **params)


@pytest.fixture(scope="module")
def reader():
    return small().fit(TEXTS, LABELS)


# --- what goes in ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "form",
    [
        tuple,
        lambda X: np.array(X),
        lambda X: np.array(X, dtype=object),
        lambda X: np.array(X, dtype=object)[:, None],
        lambda X: pd.Series(X, index=range(7, 7 + len(X))),
        lambda X: pd.Series(X, dtype="string"),
        lambda X: pd.DataFrame({"text": X}),
    ],
    ids=["tuple", "str", "object", "column", "Series", "string", "DataFrame"],
)
def test_texts_may_come_in_any_sequence(reader, form):
    np.testing.assert_array_equal(reader.predict_proba(form(TEXTS)), reader.predict_proba(TEXTS))


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ("the team won", r"must be a sequence of strings, got one string: 'the team won'"),
        (b"the team won", r"got one string: b'the team won'"),
        (["the team", None], r"row 1 is None of type NoneType; a missing text may be given as ''"),
        (["the team", np.nan], r"row 1 is nan of type float"),
        (pd.Series(["the team", pd.NA]), r"row 1 is (<NA>|nan) of type"),
        ([3, 4], r"must hold strings, but row 0 is 3 of type int"),
        ([b"goal"], r"row 0 is b'goal' of type bytes"),
        ([["the", "team"], ["won"]], r"row 0 is \['the', 'team'\] of type list"),
        (np.full((3, 2), "goal"), r"sequence of strings, got an array of shape \(3, 2\)"),
        (np.zeros((4, 5)), r"sequence of strings, got an array of shape \(4, 5\)"),
        (sparse.csr_array((4, 5)), r"sequence of strings, got an array of shape \(\)"),
        ([], r"must hold 1 or more texts, got 0"),
    ],
)
def test_what_is_no_sequence_of_texts_is_refused_in_words(reader, X, message):
    with pytest.raises(ValueError, match=f"TextTransformerClassifier: X .*{message}"):
        reader.predict(X)


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (TEXTS, LABELS[:-1], "inconsistent numbers of samples"),
        (TEXTS, None, "requires y to be passed"),
        (TEXTS, np.linspace(0, 1, len(TEXTS)), "Unknown label type"),
        (TEXTS, ["sport"] * len(TEXTS), "2 or more classes, got one class"),
        (TEXTS[:1], LABELS[:1], "must hold 2 or more texts, got 1"),
    ],
)
def test_labels_that_do_not_fit_are_refused(X, y, message):
    with pytest.raises(ValueError, match=message):
        small().fit(X, y)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"dim": 10, "heads": 3}, "heads must divide dim, got dim=10, heads=3"),
        ({"augment": "mixup"}, "augment changes numbers and must be None for texts"),
        ({"tta": "flip"}, "tta changes numbers and must be None for texts"),
        ({"tokenizer": "letters"}, "tokenizer must be one of 'word', 'bpe'"),
    ],
)
def test_parameters_that_do_not_fit_are_named(params, message):
    with pytest.raises(ValueError, match=message):
        small(**params).fit(TEXTS, LABELS)


ODD = {
    "empty": "",
    "spaces": " \n\t ",
    "100,000 characters in one word": "x" * 100_000,
    "100,000 characters": "goal " * 20_000,
    "emoji": "😀 goal 👍🏽👨‍👩‍👧",
    "right to left": "הקבוצה ניצחה במשחק مرحبا",
    "no spaces": "球队赢得了比赛",
    "unseen words": "qwertz asdf",
    "half a surrogate pair": "goal \ud800",
    "zero byte": "goal \x00",
    "special tokens": "[PAD] [UNK] [CLS]",
}


@pytest.mark.parametrize("tokenizer", ["word", "bpe"])
def test_odd_texts_are_answered(tokenizer):
    model = small(tokenizer=tokenizer, max_epochs=3).fit(
        [*TEXTS, *ODD.values()], [*LABELS, *["sport"] * len(ODD)]
    )
    proba = model.predict_proba(list(ODD.values()))
    np.testing.assert_allclose(proba.sum(1), 1)
    assert (proba > 0).all()


@pytest.mark.parametrize("odd", ["[PAD]", "", "x" * 100_000, "😀", "مرحبا"])
def test_what_holds_no_known_word_does_not_disturb_what_does(reader, odd):
    assert reader.predict([f"{odd} a late goal", f"{odd} the bank"]).tolist() == ["sport", "money"]


def test_upper_case_and_forms_of_letters_are_the_same(reader):
    np.testing.assert_array_equal(
        reader.predict_proba(["THE TEAM WON"]), reader.predict_proba(["the team ｗｏｎ"])
    )


def test_a_long_text_is_read_to_its_maximal_length():
    model = small(max_length=5, max_epochs=2).fit(TEXTS, LABELS)
    short, long = "the coach praised the", "the coach praised the players of the team"
    np.testing.assert_array_equal(model.predict_proba([short]), model.predict_proba([long]))
    assert len(model.attention(long)[0]) == 5


# --- the vocabulary -------------------------------------------------------------------------------


def test_the_vocabulary_is_what_the_training_rows_hold(reader):
    words = {word for text in TEXTS for word in text.split()}
    assert set(reader.vocabulary_) == words | {"[PAD]", "[UNK]", "[CLS]"}
    assert sorted(reader.vocabulary_.values()) == list(range(len(words) + 3))


def test_rare_words_and_words_beyond_the_size_are_unknown():
    words = small(min_frequency=2, max_epochs=1).fit([*TEXTS, "hapax"], [*LABELS, "sport"])
    assert "hapax" not in words.vocabulary_
    few = small(vocabulary_size=10, max_epochs=1).fit(TEXTS, LABELS)
    assert len(few.vocabulary_) == 10


def test_words_of_validation_rows_only_are_read_as_unknown():
    X = [f"{text} once{i}" for i, text in enumerate(TEXTS)]
    model = small(min_frequency=1, validation_fraction=0.5, max_epochs=1).fit(X, LABELS)
    meaning = model.net_.module.input.meaning
    once = [number for word, number in model.vocabulary_.items() if word.startswith("once")]
    assert len(once) == 60
    assert (meaning[once] == UNKNOWN).sum() == 30
    known = model.vocabulary_["the"]
    assert meaning[known] == known


def test_pieces_of_words_serve_words_that_were_never_seen():
    words, pieces = (
        numbers_of(
            ["marketing teams"], small(tokenizer=t, max_epochs=1).fit(TEXTS, LABELS)._tokenizer
        )
        for t in ("word", "bpe")
    )
    assert (words[0, 1:] == UNKNOWN).all()
    assert (pieces[0, 1:] != UNKNOWN).all()


@pytest.mark.parametrize("tokenizer", ["word", "bpe"])
def test_the_same_texts_give_the_same_vocabulary(tokenizer):
    rng = np.random.default_rng(0)
    texts = ["".join(rng.choice(list("abcde "), 40)) for _ in range(50)]
    model = small(tokenizer=tokenizer, min_frequency=1, vocabulary_size=60)
    assert len({model._learned(texts) for _ in range(5)}) == 1


# --- lengths, padding and masks -------------------------------------------------------------------


def test_the_block_is_that_of_torch():
    torch_block = nn.TransformerEncoderLayer(
        16, 4, 32, activation="gelu", batch_first=True, norm_first=True
    ).eval()
    ours = EncoderBlock(16, 4, 32).eval()
    pairs = {
        "norm1": ours.norm_attention, "norm2": ours.norm_mlp, "linear1": ours.mlp[0],
        "linear2": ours.mlp[3], "self_attn.out_proj": ours.attention.to_out,
    }  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(0)
        for weight in torch_block.parameters():
            nn.init.normal_(weight, std=0.3)
        x = torch.randn(3, 7, 16)
    for name, layer in pairs.items():
        layer.load_state_dict(torch_block.get_submodule(name).state_dict())
    attention = torch_block.self_attn
    ours.attention.to_qkv.load_state_dict(
        {"weight": attention.in_proj_weight, "bias": attention.in_proj_bias}
    )
    mask = torch.arange(7) < torch.tensor([[7], [4], [1]])
    with torch.no_grad():
        expected = torch_block(x, src_key_padding_mask=~mask)
        found = ours(x, mask)
        weights = attention(*[ours.norm_attention(x)] * 3, key_padding_mask=~mask)[1]
        own_weights = ours.attention.weights(ours.norm_attention(x), mask)
    torch.testing.assert_close(found[mask], expected[mask], atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(own_weights.mean(1), weights, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("pooling", ["mean", "max", "mean+max", "first"])
def test_a_text_gets_the_same_answer_alone_and_among_longer_ones(pooling):
    model = small(pooling=pooling, max_epochs=2).fit(TEXTS, LABELS)
    mixed = [*TEXTS[:6], "the market " * 40, "", *TEXTS[6:9]]
    together = model.predict_proba(mixed)
    alone = np.vstack([model.predict_proba([text]) for text in mixed])
    np.testing.assert_allclose(together, alone, atol=1e-6)


def test_large_predictions_keep_their_order(reader):
    many = [" ".join(TEXTS[i % 6].split()[: 1 + i % 5]) for i in range(200)]
    few = np.vstack([reader.predict_proba(many[i : i + 50]) for i in range(0, 200, 50)])
    np.testing.assert_allclose(reader.predict_proba(many), few, atol=1e-6)


def test_batches_hold_texts_of_about_one_length_and_every_text_once():
    lengths = np.random.default_rng(0).integers(1, 100, 1000)
    rows = Rows.of((np.arange(100) < lengths[:, None]).astype(np.int32))
    order = torch.randperm(1000, generator=torch.Generator().manual_seed(0))
    found = rows.batches(order, 8)
    assert sorted(torch.cat(found).tolist()) == list(range(1000))
    assert [len(batch) for batch in found] == [8] * 125
    widths = [rows.take(batch, torch.device("cpu"))[0].shape[1] for batch in found]
    assert widths == [rows.lengths[batch].max() for batch in found]
    assert sum(widths) * 8 < 1.2 * lengths.sum()
    assert widths[:POOL] != sorted(widths[:POOL]), "short texts must not always come first"


def test_rows_that_are_no_sequences_are_taken_as_before():
    rows = Rows.of(np.zeros((10, 3), dtype=np.float32))
    order = torch.arange(10)
    assert rows.lengths is None
    assert all(map(torch.equal, rows.batches(order, 4), batches(order, 4)))
    assert rows.by_length(order) is order


# --- the model ------------------------------------------------------------------------------------


def test_attention_weights_are_those_of_the_tokens_of_the_text(reader):
    tokens, weights = reader.attention("The coach never praised")
    assert tokens == ["[CLS]", "the", "coach", "[UNK]", "praised"]
    assert weights.shape == (1, 2, 5, 5)
    np.testing.assert_allclose(weights.sum(-1), 1, rtol=1e-5)


def test_word_dropout_reads_words_as_unknown_in_training_only(reader):
    net = clone(reader).set_params(word_dropout=0.5).fit(TEXTS, LABELS).net_.module.model
    tokens = torch.tensor([[2, *[5] * 1000, 0]])
    with torch.random.fork_rng():
        torch.manual_seed(0)
        seen = net.train().read(tokens)
    assert 400 < (seen == UNKNOWN).sum() < 600
    assert seen[0, [0, -1]].tolist() == [2, 0]
    assert torch.equal(net.eval().read(tokens), tokens)


def test_early_stopping_ends_what_learns_nothing_new():
    noise = np.random.default_rng(0).permutation(LABELS)
    model = small(early_stopping=True, patience=2, max_epochs=50).fit(TEXTS, noise)
    assert len(model.history_) < 50
    assert small(early_stopping=True, patience=5).fit(TEXTS, LABELS).score(TEXTS, LABELS) == 1


def test_a_warm_start_keeps_the_vocabulary():
    model = small(max_epochs=1, warm_start=True).fit(TEXTS, LABELS)
    before = model.vocabulary_
    model.fit([f"{text} novelty" for text in TEXTS], LABELS)
    assert model.vocabulary_ == before
    assert len(model.history_) == 2


def test_partial_fit_learns_from_chunks():
    model = small(max_length=32)
    for _ in range(20):
        model.partial_fit(TEXTS[:30], LABELS[:30], classes=["money", "sport"])
    assert model.score(TEXTS, LABELS) == 1


def test_weights_of_rows_count():
    X = ["goal"] * 20 + ["bank"] * 20
    y = ["sport", "money"] * 20
    weight = np.where(np.arange(40) < 20, [1, 0] * 20, [0, 1] * 20)
    model = small().fit(X, y, sample_weight=weight)
    assert model.predict(["goal", "bank"]).tolist() == ["sport", "money"]


def test_it_works_inside_of_scikit_learn():
    assert cross_val_score(small(), TEXTS, LABELS, cv=3).min() == 1


NUMBERLESS_CHECKS = [
    "check_estimator_cloneable",
    "check_estimator_tags_renamed",
    "check_valid_tag_types",
    "check_estimator_repr",
    "check_no_attributes_set_in_init",
    "check_do_not_raise_errors_in_init_or_set_params",
    "check_mixin_order",
    "check_parameters_default_constructible",
    "check_get_params_invariance",
    "check_set_params",
]


@pytest.mark.parametrize("check", NUMBERLESS_CHECKS)
def test_it_passes_what_scikit_learn_checks_without_rows_of_numbers(check):
    getattr(estimator_checks, check)("TextTransformerClassifier", small())


def test_it_says_that_it_takes_strings():
    tags = get_tags(TextTransformerClassifier()).input_tags
    assert (tags.string, tags.one_d_array, tags.two_d_array) == (True, True, False)


# --- pipelines over counted words -----------------------------------------------------------------


@pytest.fixture(scope="module")
def news():
    return Dataset(
        name="news",
        task="classification",
        kind="text",
        X_train=np.array(TEXTS, dtype=object),
        y_train=np.array(LABELS),
        X_test=np.array(["the players", "the market"], dtype=object),
        y_test=np.array(["sport", "money"]),
    )


@pytest.mark.parametrize("name", COUNTING)
def test_models_of_numbers_classify_texts(news, name):
    pipeline = make_pipeline(name, news, random_state=0).fit(news.X_train, news.y_train)
    assert pipeline.score(news.X_test, news.y_test) == 1
    reaches_model = pipeline[:-1].transform(news.X_test)
    assert sparse.issparse(reaches_model) == (registry.get(name).text_components is None)


def test_counts_are_reduced_to_rows_of_length_one():
    X = sparse.random_array((40, 30), density=0.3, random_state=0, format="csr")
    dense = LatentWords(n_components=5, random_state=0).fit(X)
    np.testing.assert_allclose(np.linalg.norm(dense.transform(X), axis=1), 1)
    np.testing.assert_allclose(clone(dense).fit_transform(X), dense.transform(X), atol=1e-6)
    assert LatentWords(n_components=100, random_state=0).fit_transform(X).shape == (40, 30)


@pytest.mark.parametrize(
    ("name", "own", "reduces"),
    [
        ("logistic", {"model__C"}, False),
        ("naive-bayes", {"model__alpha", "model__fit_prior"}, False),
        ("knn", {"model__n_neighbors", "model__p", "model__weights"}, True),
        ("dummy", set(), None),
    ],
)
def test_what_is_counted_of_a_text_is_searched(news, name, own, reduces):
    counting = {"prepare__ngram_range", "prepare__min_df", "prepare__sublinear_tf"}
    expected = own | (counting if reduces is not None else set())
    expected |= {"reduce__n_components"} if reduces else set()
    assert set(pipeline_space(name, news).dimensions) == expected


def test_the_transformer_searches_only_its_own(news):
    found = pipeline_space("text-transformer", news).dimensions
    assert {"model__dim", "model__word_dropout"} & set(found) == {"model__word_dropout"}
    assert all(name.startswith("model__") for name in found)


def test_a_file_with_a_column_of_texts_is_compared(tmp_path):
    rng = np.random.default_rng(0)
    words = {side: " ".join(texts).split() for side, texts in SIDES.items()}
    sides = rng.choice(list(words), 200)
    rows = [
        " ".join(rng.choice(words[side], 12)) + f" and {i} more" for i, side in enumerate(sides)
    ]
    pd.DataFrame({"message": rows, "side": sides}).to_csv(tmp_path / "news.csv", index=False)
    data = read_data(tmp_path / "news.csv", target="side")
    assert data.kind == "text"
    found = compare(["naive-bayes", "knn"], data, n_trials=2, cv=2, run_dir=tmp_path / "run")
    assert (found.table()["accuracy"][["naive-bayes", "knn"]] > 0.8).all()


def test_a_large_vocabulary_is_saved_in_one_piece(tmp_path, news):
    X = np.array([" ".join(f"w{i}-{j}" for j in range(200)) for i in range(50)] * 2, dtype=object)
    counts = make_pipeline("naive-bayes", news)["prepare"].fit(X)
    estimators.save(counts, tmp_path / "counts.skops")
    assert len(counts.vocabulary_) > 10_000
    assert (tmp_path / "counts.skops").stat().st_size < 400_000
    again = estimators.load(tmp_path / "counts.skops")
    assert (again.transform(X) != counts.transform(X)).nnz == 0
    assert again.vocabulary_ == counts.vocabulary_
