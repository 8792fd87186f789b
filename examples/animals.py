"""VGG, ResNet, ViT and EfficientNet on 2,400 photographs of cats, dogs and pandas.

python examples/animals.py    64 x 64 pixels, from scratch, five seeds; --quick: some dozen, once
"""

import argparse
from pathlib import Path

from estimators import EfficientNetClassifier, ResNetClassifier, VGGClassifier, ViTClassifier
from pipelines import load_dataset
from reports import Report
from search import compare


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="some dozen photographs")
    parser.add_argument("--out", type=Path, default=Path("runs/animals"), help="the run")
    options = parser.parse_args()

    data, common = load_dataset("animals3"), {"augment": ["flip", "crop"]}
    models = {  # an epoch of the one takes ten times that of the other
        "vit": ViTClassifier(patch_size=8, max_epochs=40, **common),
        "resnet-18": ResNetClassifier(depth=18, min_map_size=2, max_epochs=16, **common),
        "efficientnet-b0": EfficientNetClassifier(min_map_size=2, max_epochs=16, **common),
        "vgg-11": VGGClassifier(depth=11, max_epochs=8, **common),
    }
    if options.quick:
        data = data.thin(40)
        models = {name: model.set_params(max_epochs=1) for name, model in models.items()}
    study = {"run_dir": options.out, "repeats": 1 if options.quick else 5, "resume": True}
    compare(models, data, spaces={key: {} for key in models}, **study)
    print(Report(options.out).table()[["test", "test_low", "test_high", "fit_seconds"]].round(4))


if __name__ == "__main__":  # each model runs in a process of its own, which imports this file
    main()
