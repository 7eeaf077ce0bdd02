//! `requirements`: what a project's sources import, read by the env's own Python and never run.

use super::project::Clone;

const MAIN: &str = "import os, six\nfrom . import near\nfrom helper import x\nimport click.testing as t\n\
    def late():\n    try:\n        import fresh\n    except ImportError:\n        import missing_one\n\
    text = 'import nothing'\n# import neither\nopen('ran', 'w')\n";
const NOTEBOOK: &str = r#"{"cells": [{"cell_type": "markdown", "source": "import no"},
    {"cell_type": "code", "source": ["%matplotlib inline\n", "!pip list\n", "import greet\n"]},
    {"cell_type": "code", "source": "%%bash\nimport x"}], "metadata": {}, "nbformat": 4}"#;

fn clone() -> Clone {
    let clone = Clone::of(&[
        ("src/main.py", MAIN),
        ("src/helper.py", "x = 1\n"),
        ("notes/it's $x.ipynb", NOTEBOOK),
        ("old.py", "print 'two'\n"),
        ("requirements.txt", "six\ngreet>1\nfresh\n"),
    ]);
    clone.mlenv(&["create", "-q"]).ok();
    clone
}

#[test]
fn what_is_imported_is_told_with_the_versions_that_are_there() {
    let clone = clone();
    let told = clone.mlenv(&["requirements"]).ok();
    assert_eq!(told.out, "click==8.1.7\nfresh==1.0\ngreet==2.0\nsix==1.16.0\n");
    let told = told
        .says("not read: old.py: ")
        .says("nothing here brings the module missing_one (src/main.py:9)");
    assert!(
        !told.err.contains("nothing (")
            && !clone.at("ran").exists()
            && !clone.at("src/ran").exists()
    );
    let frozen = "six @ file:///croot/six_1/work\nclick==8.0\nsurplus==3\n";
    clone.sandbox.write("theirs/frozen.txt", frozen);
    let told = clone.mlenv(&["requirements", "--freeze", "frozen.txt", "-o", "new.txt"]).ok();
    assert_eq!(told.out, "");
    let text = std::fs::read_to_string(clone.at("new.txt")).unwrap();
    assert_eq!(text, "click==8.0\nfresh==1.0\ngreet==2.0\nsix==1.16.0\n");
    let told = clone.mlenv(&["requirements", "notes", "--json", "-p", ".venv"]).ok().json();
    assert_eq!(told["requirements"], serde_json::json!(["greet==2.0"]));
    assert_eq!(told["needed"]["greet"], "it's $x.ipynb:3");
    clone.mlenv(&["requirements", "nowhere"]).fails(1, "there is no directory ");
}

#[test]
fn a_file_is_compared_with_what_is_imported() {
    let clone = clone();
    let check = |words: &[&str]| clone.mlenv(&[&["requirements", "--check"][..], words].concat());
    check(&[]).fails(1, "requirements.txt lacks click; cannot be judged on missing_one");
    for file in ["old.py", "src/main.py"] {
        std::fs::remove_file(clone.at(file)).unwrap();
    }
    check(&[]).fails(1, "requirements.txt names fresh, six, which nothing imports");
    clone.sandbox.write("theirs/src/main.py", "import six, fresh\n");
    check(&[]).ok().says("requirements.txt names what is imported");
    clone.sandbox.write(
        "theirs/environment.yml",
        "dependencies: [python, six, pip, {pip: [greet, fresh]}]\n",
    );
    check(&["-f", "environment.yml"]).ok();
}
