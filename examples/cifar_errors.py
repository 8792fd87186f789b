"""What a ResNet-18 gets wrong on CIFAR-10, label by label.

python examples/cifar_errors.py    50,000 training and 10,000 test images, 45 minutes at most
python examples/cifar_errors.py --quick    some hundred of each, one epoch
"""

import argparse

import pandas as pd

from estimators import ResNetClassifier
from pipelines import load_dataset


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="some hundred images, one epoch")
    options = parser.parse_args()

    data, epochs = load_dataset("cifar10"), 30
    if options.quick:
        data, epochs = data.thin(200), 1

    net = ResNetClassifier(
        depth=18, optimizer="muon", max_epochs=epochs, max_seconds=2700, label_smoothing=0.1,
        augment=["flip", "crop"], tta=["flip"], random_state=0,
    )  # fmt: skip
    net.fit(data.X_train, data.y_train)
    answers = pd.DataFrame({"label": data.y_test, "answer": net.predict(data.X_test)})
    wrong = answers[answers["label"] != answers["answer"]]
    print(f"accuracy {1 - len(wrong) / len(answers):.4f} on {len(answers):,} images")
    print(pd.crosstab(wrong["label"], wrong["answer"]))


if __name__ == "__main__":
    main()
