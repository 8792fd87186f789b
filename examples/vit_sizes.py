"""Vision transformers on MNIST: accuracy and time by width, depth and heads.

python examples/vit_sizes.py            60,000 training and 10,000 test images
python examples/vit_sizes.py --quick    some hundred of each, one epoch
"""

import argparse
from pathlib import Path

from estimators import ViTClassifier
from pipelines import load_dataset
from reports import Report
from search import compare


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="some hundred images, one epoch")
    parser.add_argument("--out", type=Path, default=Path("runs/vit-sizes"), help="the run")
    options = parser.parse_args()

    data, epochs = load_dataset("mnist"), 8
    if options.quick:
        data, epochs = data.thin(200), 1

    sizes = [(32, 4, 4), (64, 4, 4), (64, 6, 8), (64, 12, 8), (128, 4, 8), (128, 6, 16)]
    models = {
        f"dim{dim}-depth{depth}-heads{heads}": ViTClassifier(
            dim=dim, depth=depth, heads=heads, mlp_dim=2 * dim, max_epochs=epochs, augment="shift"
        )
        for dim, depth, heads in (sizes[:2] if options.quick else sizes)
    }
    compare(models, data, spaces={key: {} for key in models}, run_dir=options.out, resume=True)
    print(Report(options.out).table()[["test", "test_low", "test_high", "fit_seconds"]].round(4))


if __name__ == "__main__":  # each model runs in a process of its own, which imports this file
    main()
