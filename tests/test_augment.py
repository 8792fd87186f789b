"""Random changes of batches: each moves what it says, by no more than it says."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from estimators import CNNClassifier
from estimators.deep._augment import Augmentation, Mixture, as_names, cut_out, move, views


@pytest.fixture(autouse=True)
def seeded():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def coordinates(n, h, w):
    """Return images whose two channels hold the row and the column of every pixel."""
    grid = torch.stack(torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij"), dim=-1)
    return grid.expand(n, h, w, 2).to(torch.uint8)


def test_flip_mirrors_about_half_of_the_images_left_to_right():
    X = coordinates(200, 3, 5)
    moved = move(X, ("flip",))
    mirrored = (moved == X.flip(2)).flatten(1).all(1)
    kept = (moved == X).flatten(1).all(1)
    assert (mirrored | kept).all()
    assert 70 < mirrored.sum() < 130


def test_shift_displaces_by_up_to_a_twelfth_and_repeats_the_edge():
    X = coordinates(300, 24, 36)
    moved = move(X, ("shift",)).long()
    by = (moved - X.long())[:, 12, 18]
    assert by[:, 0].unique().tolist() == [-2, -1, 0, 1, 2]
    assert by[:, 1].unique().tolist() == [-3, -2, -1, 0, 1, 2, 3]
    expected = (torch.arange(24) + by[0, 0]).clamp(0, 23)
    assert torch.equal(moved[0, :, 5, 0], expected)


def test_crop_mirrors_at_the_edge():
    X = coordinates(300, 16, 16)
    moved = move(X, ("crop",)).long()
    by = (moved - X.long())[:, 8, 8]
    assert by[:, 0].unique().tolist() == [-2, -1, 0, 1, 2]
    furthest = int(torch.nonzero(by[:, 0] == -2)[0])
    assert moved[furthest, :4, 0, 0].tolist() == [2, 1, 0, 1]


def test_cutout_hides_one_square_of_half_the_width_behind_the_mean_colour():
    X = torch.zeros(50, 16, 16, 1, dtype=torch.uint8)
    X[:, ::2] = 200
    hidden = cut_out(X) == 100
    assert cut_out(X).dtype == torch.uint8
    heights = hidden.any(2).sum(1)
    assert heights.max() == 8
    assert heights.min() >= 4  # at the edge half of the square is outside
    assert (hidden.flatten(1).sum(1) == heights[..., 0] * hidden.any(1).sum(1)[..., 0]).all()


def test_mixup_mixes_every_row_with_its_partner():
    X = torch.rand(6, 4)
    mixture = Mixture(torch.tensor([1, 0, 3, 2, 5, 4]), share=0.25)
    torch.testing.assert_close(mixture.mix(X), 0.25 * X + 0.75 * X[mixture.partner])
    whole = torch.tensor([[10], [20]], dtype=torch.uint8)
    assert Mixture(torch.tensor([1, 0]), share=0.25).mix(whole).tolist() == [[17.5], [12.5]]
    shares = [Mixture.draw(6, torch.device("cpu")).share for _ in range(200)]
    assert all(0 <= share <= 1 for share in shares)
    assert np.mean(shares) == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("names", [("flip",), ("flip", "shift", "crop", "cutout")])
def test_whole_numbers_stay_whole_numbers(names):
    X, mixture = Augmentation(names)(coordinates(4, 8, 8))
    assert X.dtype == torch.uint8
    assert X.shape == (4, 8, 8, 2)
    assert mixture is None


@pytest.mark.parametrize("shape", [(1, 20), (20, 1), (2, 2), (3, 5)])
def test_tiny_images_survive_every_change(shape):
    X, _ = Augmentation(("flip", "shift", "crop", "cutout"))(coordinates(4, *shape))
    assert X.shape == (4, *shape, 2)


@pytest.mark.parametrize(
    ("names", "n"), [((), 1), ("flip", 2), ("shift", 5), (("shift", "flip"), 10)]
)
def test_views_hold_the_image_first(names, n):
    X = coordinates(2, 4, 4)
    found = views(X, as_names(names))
    assert len(found) == n
    assert torch.equal(found[0], X)
    assert len({tuple(view.flatten().tolist()) for view in found}) == n


def test_predictions_with_views_are_averages_over_the_views():
    rng = np.random.RandomState(0)
    X, y = rng.randint(0, 255, (40, 8, 8)).astype(np.uint8), rng.randint(0, 2, 40)
    model = CNNClassifier(channels=(4,), max_epochs=2, random_state=0, precision="float32")
    model.fit(X, y)
    one, other = (np.log(model.predict_proba(images)) for images in (X, X[:, :, ::-1]))
    averaged = np.log(model.set_params(tta="flip").predict_proba(X))
    np.testing.assert_allclose(
        averaged[:, 1] - averaged[:, 0],
        (one[:, 1] - one[:, 0] + other[:, 1] - other[:, 0]) / 2,
        atol=1e-5,
    )
