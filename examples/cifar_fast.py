"""CIFAR-10 in as little time as it takes: twenty passes of the fast network.

python examples/cifar_fast.py            50,000 training and 10,000 test images
python examples/cifar_fast.py --quick    some hundred of each, one epoch
"""

import argparse
import time

from estimators import SpeedNetClassifier
from pipelines import load_dataset


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="some hundred images, one epoch")
    parser.add_argument("--seed", type=int, default=0, help="of weights, batches, augmentation")
    options = parser.parse_args()

    data, epochs = load_dataset("cifar10"), 20
    if options.quick:
        data, epochs = data.thin(300), 1

    net = SpeedNetClassifier(
        max_epochs=epochs, batch_size=1000, lr=0.17, augment=["flip", "crop"],
        tta=["flip", "shift"], random_state=options.seed, verbose=1,
    )  # fmt: skip
    started = time.perf_counter()
    net.fit(data.X_train, data.y_train)
    answers, seconds = net.predict(data.X_test), time.perf_counter() - started
    print(f"test accuracy {(answers == data.y_test).mean():.4f} after {seconds:.0f} s")


if __name__ == "__main__":
    main()
