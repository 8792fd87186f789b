"""Short name -> model. A model is one file and one line here."""

from __future__ import annotations

import difflib
import importlib

from estimators.spec import KINDS, TASKS, Spec

# name: (module, its public classes...). Nothing is imported before it is asked for.
MODELS: dict[str, tuple[str, ...]] = {
    "dummy": (
        "estimators.classical.dummy",
        "DummyClassifier",
        "DummyRegressor",
        "Persistence",
    ),
    "logistic": ("estimators.classical.logistic", "LogisticRegression"),
    "knn": ("estimators.classical.knn", "KNeighborsClassifier", "KNeighborsRegressor"),
    "forest": ("estimators.classical.forest", "RandomForestClassifier", "RandomForestRegressor"),
    "svm": ("estimators.classical.svm", "SVC", "SVR"),
    "linear-svm": ("estimators.classical.linear_svm", "LinearSVC"),
    "naive-bayes": ("estimators.classical.naive_bayes", "MultinomialNB"),
    "linear": ("estimators.classical.linear", "LinearRegression"),
    "ard": ("estimators.classical.ard", "ARDRegression"),
    "seasonal-naive": ("estimators.classical.seasonal_naive", "SeasonalNaive"),
    "climatology": ("estimators.classical.climatology", "Climatology"),
    "isolation": ("estimators.classical.isolation", "IsolationForest"),
    "one-class-svm": ("estimators.classical.one_class_svm", "OneClassSVM"),
    "lof": ("estimators.classical.lof", "LocalOutlierFactor"),
    "pca": ("estimators.classical.reconstruction", "ReconstructionDetector"),
    "som": ("estimators.classical.som", "SelfOrganizingMap"),
    "som-classifier": ("estimators.classical.som_classifier", "SOMClassifier"),
    "rbm": ("estimators.classical.rbm", "BernoulliRBM"),
    "dbm": ("estimators.classical.dbm", "DeepBoltzmannMachine"),
    "mlp": ("estimators.deep.mlp", "TorchMLPClassifier", "TorchMLPRegressor"),
    "recurrent": ("estimators.deep.recurrent", "RecurrentRegressor"),
    "cnn": ("estimators.deep.cnn", "CNNClassifier"),
    "speednet": ("estimators.deep.speednet", "SpeedNetClassifier"),
    "vgg": ("estimators.deep.vgg", "VGGClassifier"),
    "inception": ("estimators.deep.inception", "InceptionClassifier"),
    "resnet": ("estimators.deep.resnet", "ResNetClassifier"),
    "densenet": ("estimators.deep.densenet", "DenseNetClassifier"),
    "efficientnet": ("estimators.deep.efficientnet", "EfficientNetClassifier"),
    "vit": ("estimators.deep.vit", "ViTClassifier"),
    "text-transformer": ("estimators.deep.text_transformer", "TextTransformerClassifier"),
    "autoencoder": ("estimators.deep.autoencoder", "Autoencoder"),
    "conv-autoencoder": ("estimators.deep.conv_autoencoder", "ConvAutoencoder"),
    "stacked-autoencoder": ("estimators.deep.stacked_autoencoder", "StackedAutoencoder"),
    "lstm-autoencoder": ("estimators.deep.lstm_autoencoder", "LSTMAutoencoder"),
    "vae": ("estimators.deep.variational_autoencoder", "VariationalAutoencoder"),
    "gan": ("estimators.deep.gan", "GAN"),
}


def names(task: str | None = None, kind: str | None = None) -> list[str]:
    """Return the names of all models, or of those that serve a task and take a kind of data.

    Filtering imports the model files; the plain list imports nothing.

    Parameters
    ----------
    task : str or None, default=None
        One of ``estimators.spec.TASKS``.
    kind : str or None, default=None
        One of ``estimators.spec.KINDS``.

    Returns
    -------
    list of str
        In the order of the registry.

    Raises
    ------
    ValueError
        If there is no such task or kind.

    Examples
    --------
    >>> names()[:2]
    ['dummy', 'logistic']
    """
    for parameter, value, known in (("task", task, TASKS), ("kind", kind, KINDS)):
        if value is not None and value not in known:
            raise ValueError(f"{parameter} must be one of {', '.join(known)}, got {value!r}.")
    found = list(MODELS)
    if task is not None:
        found = [name for name in found if task in get(name).tasks]
    if kind is not None:
        found = [name for name in found if kind in get(name).kinds]
    return found


def get(name: str) -> Spec:
    """Return the ``Spec`` of a model.

    Parameters
    ----------
    name : str
        A short name, as ``names()`` lists them.

    Returns
    -------
    Spec
        What bakeoff knows about the model.

    Raises
    ------
    ValueError
        If there is no such model; the message suggests the nearest name.

    Examples
    --------
    >>> get("knn").title
    'k nearest neighbours'
    """
    if name not in MODELS:
        near = difflib.get_close_matches(str(name), MODELS, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(MODELS)}."
        raise ValueError(f"model must be a name in the registry, got {name!r}; {hint}")
    spec: Spec = importlib.import_module(MODELS[name][0]).SPEC
    return spec
