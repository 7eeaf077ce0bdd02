//! The catalogue: its files, and what words find in it.

use super::*;
use crate::host::Host;

/// A catalogue with a site's and a user's file.
fn load(site: &str, user: &str) -> Catalogue {
    let root = tempfile::tempdir().unwrap();
    let path = |below: &str| root.path().join(below).into_os_string().into_string().unwrap();
    for (dir, text) in [("site", site), ("config/mlenv", user)] {
        crate::fs::make_dirs(&root.path().join(dir), 0o755).unwrap();
        crate::fs::write_atomic(&root.path().join(dir).join("images.toml"), text.as_bytes())
            .unwrap();
    }
    let vars =
        [("HOME", path("home")), ("MLENV_SITE", path("site")), ("XDG_CONFIG_HOME", path("config"))];
    let vars: Vec<(&str, &str)> =
        vars.iter().map(|(name, value)| (*name, value.as_str())).collect();
    Catalogue::load(&Dirs::new(&Host::fake(&vars, root.path()))).unwrap()
}

fn titles(catalogue: &Catalogue, pattern: &str) -> Vec<String> {
    catalogue.matching(Some(pattern)).unwrap().iter().map(|image| image.title()).collect()
}

#[test]
fn the_built_in_images_are_sound_and_have_their_places() {
    let catalogue = load("", "");
    assert_eq!(catalogue.remarks, Vec::<String>::new());
    assert_eq!(catalogue.images.len(), 9);
    let image = catalogue.find("ml-base:alma9-python39").unwrap();
    assert_eq!(image.reference.unwrap().to_string(), "docker.io/yesw2000/ml-base:alma9-python39");
    let directories: Vec<&str> = image.directories.iter().filter_map(|dir| dir.to_str()).collect();
    assert_eq!(
        directories,
        [
            "/cvmfs/atlas.sdcc.bnl.gov/users/yesw/singularity/alma9-py39/ml-base",
            "/cvmfs/unpacked.cern.ch/registry.hub.docker.com/yesw2000/ml-base:alma9-python39",
            "/cvmfs/unpacked.cern.ch/docker.io/yesw2000/ml-base:alma9-python39",
            "/cvmfs/singularity.opensciencegrid.org/yesw2000/ml-base:alma9-python39",
        ]
    );
    for image in &catalogue.images {
        let reference = image.reference.as_ref().unwrap().to_string();
        assert_eq!(reference, format!("docker.io/yesw2000/{}", image.title()));
    }
}

#[test]
fn a_word_finds_a_name_a_short_name_a_reference_or_the_newest_of_a_pattern() {
    let catalogue = load("", "");
    for (word, title) in [
        ("ml-base:alma9-python39", "ml-base:alma9-python39"),
        ("ml-torch-gpu", "ml-torch-gpu:alma9-python311"),
        ("docker.io/yesw2000/ml-base:alma9-python39", "ml-base:alma9-python39"),
        ("yesw2000/ml-base:alma9-python39", "ml-base:alma9-python39"),
        ("ml-base:*", "ml-base:alma9-python311"),
        ("*torch*", "ml-torch-gpu:alma9-python311"),
        ("ubuntu", "docker.io/library/ubuntu:latest"),
        ("yesw2000/ml-base:other", "docker.io/yesw2000/ml-base:other"),
    ] {
        assert_eq!(catalogue.find(word).unwrap().title(), title, "{word}");
    }
}

#[test]
fn a_word_that_means_several_or_nothing_is_refused_with_what_to_say() {
    let catalogue = load("", "");
    let told = |word: &str| {
        let error = catalogue.find(word).expect_err(word);
        (error.to_string(), error.cure().unwrap_or_default().to_owned())
    };
    let (words, cure) = told("ml-base");
    assert!(
        words.contains("several images: ml-base:alma9-python39, ml-base:alma9-python311"),
        "{words}"
    );
    assert!(cure.contains("`ml-base:*`"), "{cure}");
    let (words, cure) = told("*gpu*");
    assert!(words.contains("several images") && cure.contains("say more"), "{words} {cure}");
    assert!(told("ml-bsae").1.contains("did you mean ml-base:alma9-python"));
    assert!(told("*bsae*").1.contains("image list"));
    assert!(told("no such thing").0.contains("is not an image reference"));
}

#[test]
fn lists_are_in_the_order_of_names_and_versions() {
    let catalogue = load("", "");
    assert_eq!(
        titles(&catalogue, "ml-base"),
        ["ml-base:alma9-python39", "ml-base:alma9-python311"]
    );
    assert_eq!(titles(&catalogue, "*-gpu:*311").len(), 2);
    assert_eq!(titles(&catalogue, "docker.io/yesw2000/*").len(), 9);
}

#[test]
fn the_users_entries_win_over_the_sites_and_those_over_ours() {
    let entry = |about: &str| {
        format!(
            "[[image]]\nname = 'ml-torch-gpu:alma9-python311'\nabout = '{about}'\nreference = 'localhost:5/x'\n"
        )
    };
    let only_site = load(&entry("of the site"), "");
    let both = load(&entry("of the site"), &entry("mine"));
    for (catalogue, about, from) in
        [(only_site, "of the site", Owner::Site), (both, "mine", Owner::User)]
    {
        let image = catalogue.find("ml-torch-gpu").unwrap();
        assert_eq!((image.about.as_deref(), image.from), (Some(about), from));
        assert_eq!(catalogue.images.len(), 9);
    }
}

#[test]
fn what_a_file_says_wrong_is_told_and_the_rest_is_used() {
    let text = "colour = 1
unpacked = ['/site/{registry}/{repository}/{tag}', 'relative/{repository}:{tag}']
[[image]]
name = 'good'
directories = ['/images/good']
packages = 'lists/good.txt'
flavour = 'sweet'
[[image]]
name = '../bad'
reference = 'a'
[[image]]
name = 'empty'
[[image]]
name = 'worse'
reference = 'UPPER'
[[image]]
name = 'near'
directories = ['images/near']
";
    let catalogue = load(text, "");
    let remarks = catalogue.remarks.join("\n");
    for words in [
        "unknown key `colour`",
        "image good: unknown key `flavour`",
        "image ../bad is left out: a name has letters",
        "image empty is left out: it has neither",
        "image worse is left out: \"UPPER\" is not an image reference",
        "image near is left out: the directory images/near is not absolute",
        "\"relative/{repository}:{tag}\" is not an absolute path",
    ] {
        assert!(remarks.contains(words), "{words}\n{remarks}");
    }
    assert!(remarks.lines().all(|line| line.contains("/site/images.toml: ")), "{remarks}");
    let image = catalogue.find("good").unwrap();
    assert_eq!(image.reference, None);
    assert!(image.packages.unwrap().ends_with("site/lists/good.txt"));
    let places = catalogue.find("ghcr.io/a/b:c").unwrap().directories;
    assert_eq!(
        places,
        [
            PathBuf::from("/site/ghcr.io/a/b/c"),
            PathBuf::from("/cvmfs/unpacked.cern.ch/ghcr.io/a/b:c")
        ]
    );
}
