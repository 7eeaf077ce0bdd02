//! Packages that are the same on conda's channels and on Python's index, by both names: the rest of conda's names may be
//! somebody else's there, or nobody's. Pure.

use crate::packages::conda::{Spelling, spelling};
use crate::specs::{key, name_of};

/// Names that are the same on both sides.
const SAME: &[&str] = &[
    "awkward",
    "black",
    "boost-histogram",
    "click",
    "coffea",
    "cython",
    "dask",
    "distributed",
    "fastjet",
    "flake8",
    "fsspec",
    "h5py",
    "hist",
    "iminuit",
    "ipykernel",
    "ipython",
    "jinja2",
    "joblib",
    "jupyter",
    "jupyterlab",
    "lightgbm",
    "matplotlib",
    "mplhep",
    "mypy",
    "nbconvert",
    "networkx",
    "notebook",
    "numba",
    "numexpr",
    "numpy",
    "onnx",
    "onnxruntime",
    "optuna",
    "packaging",
    "pandas",
    "particle",
    "pillow",
    "polars",
    "psutil",
    "pyarrow",
    "pydantic",
    "pyhf",
    "pytest",
    "pytest-cov",
    "python-dateutil",
    "pyyaml",
    "requests",
    "rich",
    "ruff",
    "scikit-hep",
    "scikit-image",
    "scikit-learn",
    "scipy",
    "seaborn",
    "setuptools",
    "six",
    "sympy",
    "tensorboard",
    "tensorflow",
    "torchvision",
    "tqdm",
    "transformers",
    "typing-extensions",
    "uproot",
    "vector",
    "wheel",
    "xarray",
    "xgboost",
    "zfit",
];

/// Names that differ: conda's, and Python's.
const DIFFERENT: &[(&str, &str)] = &[
    ("dask-core", "dask"),
    ("matplotlib-base", "matplotlib"),
    ("msgpack-python", "msgpack"),
    ("py-xgboost", "xgboost"),
    ("pytables", "tables"),
    ("pytorch", "torch"),
    ("pytorch-lightning", "pytorch-lightning"),
    ("seaborn-base", "seaborn"),
    ("uproot-base", "uproot"),
];

/// What pip would be asked for in the place of a conda spec; `None` where it is not known to be the same package, or pip
/// has no words for it.
pub(crate) fn for_pip(spec: &str) -> Option<String> {
    let name = name_of(spec)?;
    let theirs = DIFFERENT.iter().find(|(condas, _)| *condas == name).map(|(_, pips)| *pips);
    let theirs = theirs.or_else(|| SAME.iter().find(|same| **same == key(name)).copied())?;
    let words = match spelling(spec) {
        Spelling::Pips => spec.to_owned(),
        Spelling::Condas(words) => words,
        Spelling::CondasAlone => return None,
    };
    let rest: String = words.get(name.len()..)?.split_whitespace().collect();
    Some(format!("{theirs}{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_the_same_package_is_asked_for_in_pips_words() {
        for (spec, words) in [
            ("numpy", Some("numpy")),
            ("numpy >=1.26, <2", Some("numpy>=1.26,<2")),
            ("pytorch=2.1", Some("torch==2.1.*")),
            ("root=6.30", None),
            ("conda-forge::numpy", None),
            ("numpy=1.26=py311_0", None),
        ] {
            assert_eq!(for_pip(spec).as_deref(), words, "{spec}");
        }
    }
}
