//! Histories and records as conda, mamba and pip write them.

use super::*;

const START: &str = "@prefix /opt/conda
@history
==> 2026-01-01 00:00:00 <==
# cmd: micromamba install -y python=3.11 uproot
# update specs: [\"python=3.11\", \"uproot\"]

@records
python-3.11.7-h1_0
uproot-5.1-0
@dists
/opt/conda/lib/python3.11/site-packages/uproot-5.1.dist-info\tconda\tno\t
";

const LATER: &str = "@prefix /opt/conda
@history
==> 2026-01-01 00:00:00 <==
# cmd: micromamba install -y python=3.11 uproot
# update specs: [\"python=3.11\", \"uproot\"]
==> 2026-02-01 00:00:00 <==
# cmd: micromamba install -y -c bioconda --channel=pyg scipy>=1.11 pandas<3
+conda-forge/noarch::scipy-1.12-0
# update specs: [\"scipy>=1.11\", \"pandas<3\", \"mychan::pkgx\"]
==> 2026-02-02 00:00:00 <==
# cmd: /opt/conda/bin/conda remove pandas uproot
# remove specs: ['pandas', 'uproot']
==> 2026-02-03 00:00:00 <==
# cmd: mamba install -c bioconda numpy~=1.26 foo!=2
# update specs: ['numpy~=1.26', \"foo!=2\"]

@records
python-3.11.7-h1_0
scipy-1.12-0
py-with-dash-1.0-h_2
@dists
/opt/conda/lib/python3.11/site-packages/scipy-1.12.dist-info\tconda\tno\t
/opt/conda/lib/python3.11/site-packages/py_with_dash-1.0.dist-info\t\tno\t
/opt/conda/lib/python3.11/site-packages/click-8.2.0.dist-info\tpip\tyes\t
/opt/conda/lib/python3.11/site-packages/colorama-0.4.dist-info\tpip\tno\t
/opt/conda/lib/python3.11/site-packages/mine-0.1.dist-info\tuv\tyes\t{\"url\": \"https://h/r\", \"vcs_info\": {\"vcs\": \"git\", \"commit_id\": \"ab\"}}
/opt/conda/lib/python3.11/site-packages/local-2.dist-info\tpip\tyes\t{\"url\": \"file:///d/x.whl\", \"archive_info\": {}}
/opt/conda/lib/python3.11/site-packages/edited-2.dist-info\tpip\tyes\t{ \"url\": \"file:///d/a%20b\", \"dir_info\": {\"editable\": true}}
/opt/conda/lib/python3.11/site-packages/secret-2.dist-info\tpip\tno\t{\"url\": \"https://u:t0k@h/x.whl\", \"archive_info\": {}}
/opt/conda/lib/python3.11/site-packages/odd-2.dist-info\tpip\tyes\t{
";

#[test]
fn what_the_user_asked_for_is_found_with_its_constraints() {
    let mark = Listing::parse(START).mark();
    let added = Listing::parse(LATER).since(&mark);
    assert_eq!(added.conda, ["foo!=2", "numpy~=1.26", "mychan::pkgx", "scipy>=1.11"]);
    assert_eq!(added.channels, ["bioconda", "pyg"]);
    assert_eq!(added.removed, ["uproot"]);
    let pip = [
        "click==8.2.0",
        "local @ file:///d/x.whl",
        "mine @ git+https://h/r@ab",
        "secret @ https://h/x.whl",
    ];
    assert_eq!(added.pip, pip);
    assert_eq!(
        (added.editable, added.unknown),
        (vec!["edited @ /d/a b".into()], vec!["odd==2".into()])
    );
    assert_eq!(added.pip_depends, ["colorama==0.4"]);
}

#[test]
fn nothing_new_is_nothing() {
    let start = Listing::parse(START);
    assert!(start.since(&start.mark()).is_empty());
    assert!(Listing::parse("").since(&Mark::default()).is_empty());
}

#[test]
fn a_history_that_was_written_anew_is_compared_by_records() {
    let mark = Listing::parse(START).mark();
    let added = Listing::parse(&LATER.replace("2026-01-01", "2027-01-01")).since(&mark);
    assert_eq!(added.conda, ["py-with-dash=1.0=h_2", "scipy=1.12=0"]);
}

#[test]
fn what_is_there_is_recognised_by_any_spelling() {
    let listing = Listing::parse(LATER);
    for spec in [
        "click==8.2.0",
        "scipy>=1.11",
        "Py.With_Dash",
        "conda-forge::scipy",
        "mine @ git+https://h/r@ab",
    ] {
        assert!(listing.has(spec), "{spec}");
    }
    for spec in ["click==8.1", "pandas", "uproot"] {
        assert!(!listing.has(spec), "{spec}");
    }
}

#[test]
fn the_name_of_a_spec_is_what_stands_before_any_constraint() {
    for (spec, name) in [
        ("numpy~=1.26", "numpy"),
        ("foo!=2", "foo"),
        ("mychan::pkgx", "pkgx"),
        ("conda-forge/linux-64::a-b=1=py_0", "a-b"),
        ("numpy[version='>=1']", "numpy"),
        ("x <2", "x"),
    ] {
        assert_eq!(spec_name(spec), name);
    }
}
